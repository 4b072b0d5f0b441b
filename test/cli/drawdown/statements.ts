import { credit, debit } from '../../../functions/ledger/decide-movement.ts'
import {
  AVAILABLE,
  chainEntry,
  type Entry,
  type EntryDraft,
  genesisHash,
  HELD,
  type Head,
} from '../../../functions/ledger/entry.ts'
import { drawLots } from '../../../functions/ledger/lot.ts'
import { presentStatementProof, type StatementProof } from '../../../functions/proof/statement-proof.ts'
import { headWith } from '../../ledger/head-with.ts'

const at = '2026-11-23T12:00:00.000Z'
const movement = {
  currency: 'USD',
  reason: 'Täglich „immer“ \u2028 \\ "so"',
  actor: 'machine:test',
  detail: { note: 'a\n"b"' },
}

export type History = { head: Head; entries: Entry[] }

/** An account's history: a top-up, two charges, a hold and its release, a gift that expires. */
export function sampleHistory(): History {
  const accountId = 'acc_statement1'
  const history: History = {
    head: headWith({ accountId, tip: genesisHash(accountId, 'USD') }),
    entries: [],
  }
  const post = (decide: (head: Head) => EntryDraft) => {
    const { entry, next } = chainEntry(
      history.head,
      decide(history.head),
      `key:${history.entries.length}`,
      at,
    )
    history.entries.push(entry)
    history.head = next
  }
  const raise = (amountMicros: bigint, more: { expiresAt?: string } = {}) =>
    post((head) =>
      draftOf(credit(head, { ...movement, kind: 'top_up', amountMicros, contra: 'cash:stripe', ...more })),
    )
  const charge = (amountMicros: bigint) =>
    post((head) =>
      draftOf(debit(head, { ...movement, kind: 'charge', amountMicros, contra: 'revenue:charge' })),
    )
  const hold = (amountMicros: bigint) =>
    post((head) => {
      const lots = drawLots(head, amountMicros).map((change) => ({
        ...change,
        heldMicros: -change.changeMicros,
      }))
      const postings = [
        { account: AVAILABLE, amountMicros: -amountMicros } as const,
        { account: HELD, amountMicros } as const,
      ]
      const { reason, actor, detail } = movement
      return { kind: 'hold', reason, actor, detail, postings, lots }
    })
  raise(20_000_000n)
  charge(1_234_567n)
  raise(5_000_000n, { expiresAt: '2026-12-31T00:00:00.000Z' })
  charge(1n)
  hold(3_000_000n)
  charge(4_000_000n)
  return history
}

function draftOf(decision: { ok: boolean }): EntryDraft {
  if (!decision.ok) throw new Error(JSON.stringify(decision))
  return (decision as unknown as { draft: EntryDraft }).draft
}

/** As the API gives it, and a file has it. */
export function sampleStatement(after = 0, until?: number): StatementProof {
  const { head, entries } = sampleHistory()
  const opening = after === 0 ? undefined : entries[after - 1]
  return presentStatementProof(head, opening, entries.slice(after, until))
}
