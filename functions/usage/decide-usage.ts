import { type RecordedHold, rateRecord } from '../holds/session-record.ts'
import { type Counter, countedBefore, countingPeriod, type Head } from '../ledger/entry.ts'
import type { FoundPrice } from '../prices/price-source.ts'
import { type RatingExplanation, type RatingRefusal, rateUsage } from '../prices/rate-usage.ts'
import { compareUsageEvents, type UsageEvent, usageEventKey } from './usage-event.ts'

/** An event with what was in force when it happened. */
export type PricedEvent = {
  event: UsageEvent
  found: FoundPrice | undefined
  /** The event is the record of a session whose hold is charged. */
  hold?: RecordedHold
  /** It was used when terms had waited for the account's answer for longer than usage goes on without. */
  isClosedByTerms?: boolean
}

export type UsageRefusal =
  | RatingRefusal
  | 'insufficient_credit'
  | 'account_parked'
  | 'account_closed'
  | 'terms_required'

/** What becomes of one event; final. */
export type EventDecision = {
  event: UsageEvent
  availableBeforeMicros: bigint
  availableAfterMicros: bigint
  /** How the price came about; absent where there is none. */
  explanation?: RatingExplanation
  /** What it came from: with the event itself, enough to work the explanation out again. */
  ratedBy?: RatedBy
} & (
  | { verdict: 'deducted'; amountMicros: bigint }
  | Reconciled
  | {
      verdict: 'refused'
      reason: UsageRefusal /** What it would have cost, where it has a price. */
      costMicros: bigint
      field?: string
    }
)

/** The record of a session whose hold is charged, so that it is not charged again. */
export type Reconciled = {
  verdict: 'reconciled'
  /** What it would have cost by the price that was settled when the session began. */
  costMicros: bigint
  hold: Pick<RecordedHold, 'holdId' | 'status' | 'capturedMicros'>
}

/** What was in force, and what tiers had counted before. */
export type RatedBy = { found: FoundPrice; alreadyUsedQuantity: bigint }

export type UsageDecision = {
  decisions: EventDecision[]
  totalMicros: bigint
  /** The counters of prices with tiers that moved. */
  counters: Record<string, Counter>
}

/**
 * Decides every event of a posting, in the order of time, source, sequence and id. Of those that cost something the
 * longest run from the first on is deducted that the available credit covers; after the first that it does not cover,
 * every further one that costs something is refused, also where it would fit, so that what a client was told in one order
 * cannot come out differently in another. What costs nothing needs no credit and is deducted whatever came before it. What
 * cannot be rated is refused by itself and stops nothing. Tiers count deducted events only. The record of a session whose
 * hold is charged costs nothing more, whatever the account's state.
 */
export function decideUsage(head: Head, priced: readonly PricedEvent[], localPeriod: string): UsageDecision {
  const ordered = [...priced].sort((left, right) => compareUsageEvents(left.event, right.event))
  return decideInOrder(head, ordered, localPeriod)
}

/** The same for events that are in the order in which they are to be decided. */
export function decideInOrder(
  head: Head,
  ordered: readonly PricedEvent[],
  localPeriod: string,
): UsageDecision {
  const period = countingPeriod(head.counters, localPeriod)
  const counters: Record<string, Counter> = {}
  const decisions: EventDecision[] = []
  let availableMicros = head.availableMicros
  let hasRunOut = false
  for (const { event, found, hold, isClosedByTerms } of ordered) {
    const balance = { availableBeforeMicros: availableMicros, availableAfterMicros: availableMicros }
    const refuse = (refusal: {
      reason: UsageRefusal
      field?: string
      costMicros?: bigint
      explanation?: RatingExplanation
      ratedBy?: RatedBy
    }) => decisions.push({ event, ...balance, verdict: 'refused', costMicros: 0n, ...refusal })
    if (hold) {
      const counted = countedBefore(head, counters, event.service, period)
      decisions.push({ event, ...balance, ...reconcile(event, hold, counted) })
      continue
    }
    if (head.status !== 'open') {
      refuse({ reason: head.status === 'closed' ? 'account_closed' : 'account_parked' })
      continue
    }
    if (isClosedByTerms) {
      refuse({ reason: 'terms_required' })
      continue
    }
    const counted = countedBefore(head, counters, event.service, period)
    const rating = rateUsage({
      ...found,
      price: found?.price,
      usage: usageOf(event),
      alreadyUsedQuantity: counted,
    })
    if (!rating.ok) {
      refuse({ reason: rating.reason, field: rating.field })
      continue
    }
    const { amountMicros, explanation } = rating
    const ratedBy = { found: found!, alreadyUsedQuantity: counted }
    if (amountMicros > 0n && (hasRunOut || amountMicros > availableMicros)) {
      hasRunOut = true
      refuse({ reason: 'insufficient_credit', costMicros: amountMicros, explanation, ratedBy })
      continue
    }
    availableMicros -= amountMicros
    decisions.push({
      event,
      ...balance,
      availableAfterMicros: availableMicros,
      verdict: 'deducted',
      amountMicros,
      explanation,
      ratedBy,
    })
    if (rating.countedQuantity > 0n)
      counters[event.service] = { period, quantity: counted + rating.countedQuantity }
  }
  return { decisions, totalMicros: head.availableMicros - availableMicros, counters }
}

function reconcile(event: UsageEvent, recorded: RecordedHold, counted: bigint) {
  const { found, holdId, status, capturedMicros } = recorded
  const rating = rateRecord(recorded, usageOf(event), counted)
  const verdict: Reconciled = {
    verdict: 'reconciled',
    costMicros: rating.ok ? rating.amountMicros : 0n,
    hold: { holdId, status, capturedMicros },
  }
  if (!rating.ok || !found) return verdict
  const ratedBy: RatedBy = { found, alreadyUsedQuantity: recorded.alreadyUsedQuantity ?? counted }
  return { ...verdict, explanation: rating.explanation, ratedBy }
}

/** True when something was refused because credit does not cover it. */
export function lacksCredit({ decisions }: UsageDecision): boolean {
  return decisions.some((each) => each.verdict === 'refused' && each.reason === 'insufficient_credit')
}

/** The events of different identity, and those that repeat one of them: the first counts. */
export function separateRepeats(events: readonly UsageEvent[]): {
  distinct: UsageEvent[]
  repeats: UsageEvent[]
} {
  const seen = new Set<string>()
  const distinct: UsageEvent[] = []
  const repeats: UsageEvent[] = []
  for (const event of events) {
    const { pk } = usageEventKey(event)
    if (seen.has(pk)) repeats.push(event)
    else distinct.push(event)
    seen.add(pk)
  }
  return { distinct, repeats }
}

export function usageOf({ quantity, seconds, attributes }: UsageEvent) {
  return {
    quantity: quantity === undefined ? undefined : BigInt(quantity),
    seconds: seconds === undefined ? undefined : BigInt(seconds),
    attributes,
  }
}
