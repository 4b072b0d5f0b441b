import type { EntryDraft, Head } from '../ledger/entry.ts'
import type { Decision, Ledger, Posted, PostingRefusal } from '../ledger/ledger.store.ts'
import type { NumberedStore } from './numbered.store.ts'
import { sourceHash } from './numbered-keys.ts'
import { missingNumbers, type Standing } from './place-numbered.ts'

/** What staff ask for: the missing numbers up to `through` are given up. */
export type GapRelease = { source: string; through: number; reason: string; actor: string }

export type ReleaseRefusal =
  /** No numbered event of this source has come to this account. */
  | { ok: false; reason: 'usage_source_not_found' }
  | { ok: false; reason: 'nothing_waits'; last: number }
  /** The numbers that are missing, of which `through` is none. */
  | { ok: false; reason: 'not_missing'; from: number; to: number }

type LookAgain = { ok: false; reason: 'look_again' }

const TRIES = 20

/** Gives up numbers that do not come, so that what waits for them goes on. */
export function createGapRelease({
  ledger,
  numbered,
}: {
  ledger: Pick<Ledger, 'post' | 'readHead'>
  numbered: Pick<NumberedStore, 'look' | 'batchOf'>
}) {
  /** Posts an entry of zero that says which numbers were given up; once per key. What waited is then to be taken up. */
  async function release(
    accountId: string,
    asked: GapRelease,
    request: { key: string; requestHash: string; at: string },
  ): Promise<Posted | PostingRefusal | ReleaseRefusal> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const seen = await ledger.readHead(accountId)
      if (!seen) return { ok: false, reason: 'account_not_found' }
      const standing = await numbered.look(seen, asked.source, 0, 0)
      const decide = (head: Head): Decision<ReleaseRefusal | LookAgain> => {
        if (head.revision !== seen.revision) return { ok: false, reason: 'look_again' }
        const refusal = refuseRelease(standing, asked.through)
        if (refusal) return refusal
        const { source, through } = asked
        const numbers = { source, first: standing.last + 1, last: through }
        const entrySequence = head.sequence + 1n
        const batch = { ...numbers, entrySequence, at: request.at, released: true as const }
        return {
          ok: true,
          draft: draftRelease(asked, numbers),
          documents: [numbered.batchOf(accountId, batch)],
        }
      }
      const posted = await ledger.post({ accountId, ...request, decide })
      if (posted.ok || posted.reason !== 'look_again') return posted as Exclude<typeof posted, LookAgain>
    }
    return { ok: false, reason: 'busy' }
  }

  return { release }
}

function refuseRelease(standing: Standing, through: number): ReleaseRefusal | undefined {
  const { last, isWaiting } = standing
  if (last === 0 && !isWaiting) return { ok: false, reason: 'usage_source_not_found' }
  const missing = missingNumbers(standing)
  if (!missing) return { ok: false, reason: 'nothing_waits', last }
  const isMissing = missing.from <= through && through <= missing.to
  return isMissing ? undefined : { ok: false, reason: 'not_missing', ...missing }
}

function draftRelease(
  { source, through, reason, actor }: GapRelease,
  { first }: { first: number },
): EntryDraft {
  return {
    kind: 'gap_release',
    postings: [],
    reason,
    actor,
    detail: { source, from: first, through },
    watermarks: { [sourceHash(source)]: { last: BigInt(through), isWaiting: true } },
  }
}
