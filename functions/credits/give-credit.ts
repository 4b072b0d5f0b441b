import { credit, type MovementDecision } from '../ledger/decide-movement.ts'
import type { Head } from '../ledger/entry.ts'
import type { CreditKind } from './credit-kinds.ts'

export type GivenCredit = {
  kind: CreditKind
  amountMicros: bigint
  currency: string
  reason: string
  actor: string
  termsVersion?: string
}

/** Raises available credit against the contra account of its kind, `credit:goodwill` for one. */
export function decideCredit(head: Head, given: GivenCredit): MovementDecision {
  const { kind, ...movement } = given
  return credit(head, { ...movement, kind: 'credit', contra: `credit:${kind}`, detail: { creditKind: kind } })
}
