import { AVAILABLE, type EntryDraft, type Head, RECEIVABLE } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import type { Dispute, DisputeMovement } from './dispute.ts'

/** Who moves credit for a dispute: the payer's bank, by the provider's word. */
const ACTOR = 'machine:payment-provider'

/** What the detail of an entry of kind `dispute` or `dispute_won` holds, beside what the ledger says of owed amounts. */
export type DisputeDetail = {
  disputeId: string
  topUpId: string
  provider: 'stripe'
  paymentId: string
  disputedAmount: string
  reason: string
}

/** The permanent key of a taking: one per dispute, and a further one each time that the bank took again what it had given back. */
export function takingKey({ disputeId, takings }: Dispute): string {
  return keyOf('dispute', disputeId, takings + 1n)
}

/** The permanent key of what gives a taking back. */
export function returnKey({ disputeId, takings }: Dispute): string {
  return keyOf('dispute-won', disputeId, takings)
}

function keyOf(kind: string, disputeId: string, round: bigint): string {
  return round === 1n ? `${kind}:${disputeId}` : `${kind}:${disputeId}:${round}`
}

/** What a taking says besides its amounts. */
export function takingOf(dispute: Dispute) {
  const { amountMicros, currency } = dispute
  return {
    kind: 'dispute' as const,
    amountMicros,
    contra: 'cash:stripe' as const,
    reason: `The card’s bank has taken back ${formatAmount(amountMicros, currency)} ${currency} of a top-up`,
    actor: ACTOR,
    detail: detailOf(dispute),
  }
}

/** What giving back says besides its amounts. */
export function returnOf(dispute: Dispute) {
  const { amountMicros, currency } = dispute
  return {
    kind: 'dispute_won' as const,
    contra: 'cash:stripe' as const,
    reason: `The card’s bank has given back ${formatAmount(amountMicros, currency)} ${currency} of a top-up`,
    actor: ACTOR,
    detail: detailOf(dispute),
  }
}

function detailOf(dispute: Dispute): DisputeDetail {
  const { disputeId, topUpId, paymentId, amountMicros, currency, reason } = dispute
  const disputedAmount = formatAmount(amountMicros, currency)
  return { disputeId, topUpId, provider: 'stripe', paymentId, disputedAmount, reason }
}

/** What a draft will have done once it is the next entry of HEAD, as amounts above zero. */
export function movementOf(head: Head, draft: EntryDraft): DisputeMovement {
  const creditMicros = sumOf(draft, AVAILABLE)
  const owedMicros = sumOf(draft, RECEIVABLE)
  return {
    entrySequence: head.sequence + 1n,
    creditMicros: absolute(creditMicros),
    owedMicros: absolute(owedMicros),
    availableAfterMicros: head.availableMicros + creditMicros,
    owedAfterMicros: head.receivableMicros - owedMicros,
  }
}

function sumOf({ postings }: EntryDraft, account: string): bigint {
  return postings
    .filter((line) => line.account === account)
    .reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
}

function absolute(amountMicros: bigint): bigint {
  return amountMicros < 0n ? -amountMicros : amountMicros
}
