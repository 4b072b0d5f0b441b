import type { Undone } from '../ledger/decide-movement.ts'
import type { Entry, EntryDraft, Head } from '../ledger/entry.ts'
import {
  createLedger,
  type LedgerOptions,
  type Posted,
  type PostingRefusal,
  type PostingRequest,
} from '../ledger/ledger.store.ts'
import { createUndoneStore } from '../ledger/undone.store.ts'

/** Others undo the same entry at the same moment: decided anew so often. */
const TRIES = 8

export type UndoRequest<Refusal> = Omit<PostingRequest<Refusal>, 'decide'> & {
  /** The entry that is to be undone, in part or whole. */
  sequence: bigint
  decide: (head: Head, entry: Entry, undone: Undone) => { ok: true; draft: EntryDraft } | Refusal
}
export type UndoRefusal = PostingRefusal | { ok: false; reason: 'transaction_not_found' }

/**
 * Gives back what an entry took, or takes back what it gave. What has been undone of it stands in an item of its own that
 * is written in the same transaction: of two that undo at once, the second is decided anew on what the first left.
 */
export function createUndoing(options: LedgerOptions) {
  const ledger = createLedger(options)
  const undones = createUndoneStore(options)

  return async function undo<Refusal extends { ok: false; reason: string }>(
    request: UndoRequest<Refusal>,
  ): Promise<Posted | UndoRefusal | Refusal> {
    const { sequence, decide, ...posting } = request
    const entry = await ledger.readEntry(posting.accountId, sequence)
    if (!entry) return { ok: false, reason: 'transaction_not_found' }
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const undone = await undones.read(posting.accountId, sequence)
      const posted = await ledger.post<Refusal>({
        ...posting,
        decide: (head) => {
          const decision = decide(head, entry, undone)
          if (!decision.ok) return decision
          const next = undoneAfter(undone, decision.draft)
          return { ...decision, documents: [undones.write(posting.accountId, sequence, undone, next)] }
        },
      })
      if (posted.ok) return posted
      if (posted.reason === 'document_changed') continue
      // What the posting let expire first may be what the refusal comes from.
      if (isSame(undone, await undones.read(posting.accountId, sequence))) return posted
    }
    return { ok: false, reason: 'busy' }
  }
}

function isSame(one: Undone, other: Undone): boolean {
  return (
    one.undoneMicros === other.undoneMicros &&
    one.isReversed === other.isReversed &&
    one.expiredMicros === other.expiredMicros
  )
}

function undoneAfter(undone: Undone, draft: EntryDraft): Undone {
  const movedMicros = draft.postings[0]!.amountMicros
  if (draft.kind === 'reversal')
    return { ...undone, undoneMicros: movedMicros < 0n ? -movedMicros : movedMicros, isReversed: true }
  return { ...undone, undoneMicros: undone.undoneMicros + movedMicros }
}
