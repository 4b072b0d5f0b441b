import type { Card } from '../cards/cards.ts'
import type { Head } from '../ledger/entry.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import { type AutoTopUp, COOLDOWN_SECONDS } from './auto-top-up.ts'

/** All that the decision depends on. */
export type AutoTopUpSeen = {
  /** As of the present month. */
  document: AutoTopUp
  now: string
  head: Pick<Head, 'status' | 'availableMicros' | 'receivableMicros'>
  /** What is missing for a month of the plan that is owed, or will be for one that is to come. */
  shortfallMicros: bigint
  /** Payments of people with a saved card that are under way. */
  pendingMicros: bigint
  isTermsAccepted: boolean
  /** The card to charge; absent without one, or when it has expired. */
  card?: Card
  /** The client has just agreed to this very charge, or another card is tried after a decline. */
  isCooldownWaived?: boolean
}

export type AutoTopUpDecision =
  | { kind: 'charge'; amountMicros: bigint; card: Card }
  /** The charge would go above the month's cap: it is not made. */
  | { kind: 'hold_back'; amountMicros: bigint }
  | { kind: 'wait'; until: string }
  | {
      kind: 'nothing'
      why: 'not_on' | 'account_not_open' | 'covered' | 'in_flight' | 'terms_required' | 'no_card'
    }

/**
 * Whether an account's card is charged now, and by how much: one charge that closes the whole gap, never while another is
 * in flight, never above the cap of the month, and always an amount that a card can pay.
 */
export function decideAutoTopUp(seen: AutoTopUpSeen): AutoTopUpDecision {
  const { document, head, card, now } = seen
  if (document.status !== 'on') return { kind: 'nothing', why: 'not_on' }
  if (head.status !== 'open') return { kind: 'nothing', why: 'account_not_open' }
  const wanted = wantedMicros(seen)
  if (wanted <= 0n) return { kind: 'nothing', why: 'covered' }
  if (document.inFlight) return { kind: 'nothing', why: 'in_flight' }
  if (!seen.isTermsAccepted) return { kind: 'nothing', why: 'terms_required' }
  const until = cooldownEnd(document)
  if (!seen.isCooldownWaived && until !== undefined && until > now) return { kind: 'wait', until }
  if (!card) return { kind: 'nothing', why: 'no_card' }
  const amountMicros = topUpAmountFor(wanted, document.currency)
  return document.chargedMicros + amountMicros > document.monthlyCapMicros
    ? { kind: 'hold_back', amountMicros }
    : { kind: 'charge', amountMicros, card }
}

/**
 * What is missing, to a micro: up to the target (or the fixed amount) once credit is below the threshold, and at least what
 * a month of the plan lacks. What is under way counts as if it were there; what the client owes is paid first by any
 * payment, and so counts as missing.
 */
export function wantedMicros({
  document,
  head,
  shortfallMicros,
  pendingMicros,
}: Pick<AutoTopUpSeen, 'document' | 'head' | 'shortfallMicros' | 'pendingMicros'>): bigint {
  const { thresholdMicros, targetMicros, amountMicros = 0n } = document
  const expected = head.availableMicros + pendingMicros - head.receivableMicros
  const isBelow = expected < thresholdMicros
  const gap = isBelow ? (targetMicros === undefined ? amountMicros : targetMicros - expected) : 0n
  const forPlan = shortfallMicros > 0n ? shortfallMicros + head.receivableMicros - pendingMicros : 0n
  return forPlan > gap ? forPlan : gap
}

function cooldownEnd({ lastAttemptAt }: AutoTopUp): string | undefined {
  if (lastAttemptAt === undefined) return undefined
  return new Date(Date.parse(lastAttemptAt) + COOLDOWN_SECONDS * 1000).toISOString()
}
