import { debit, type MovementDecision } from '../ledger/decide-movement.ts'
import { countedBefore, countingPeriod, type EntryDraft, type Head } from '../ledger/entry.ts'
import { parseAmount } from '../ledger/money.ts'
import type { FoundPrice } from '../prices/price-source.ts'
import { type RatingRefusal, rateUsage } from '../prices/rate-usage.ts'
import type { ChargeRequest } from './charge.ts'
import { type ChargeDetail, ratedChargeDetail } from './charge-entry.ts'

export type ChargeRefusal =
  | Exclude<MovementDecision, { ok: true }>
  | { ok: false; reason: 'not_rated'; ratingReason: RatingRefusal; field: string }

export type ChargeContext = {
  request: ChargeRequest
  /** When the use happened. */
  time: string
  /** The account's local month: what tiers are counted by. */
  period: string
  found: FoundPrice | undefined
  actor: string
  termsVersion?: string
}

/**
 * The entry of a charge, or its refusal: what has no price, credit that does not cover it (with the exact shortfall), an
 * account that is closed or parked, another currency.
 */
export function decideCharge(
  head: Head,
  context: ChargeContext,
): { ok: true; draft: EntryDraft } | ChargeRefusal {
  const { request, time, found } = context
  const period = countingPeriod(head.counters, context.period)
  if (request.service === undefined) {
    const amountMicros = parseAmount(request.amount!)!
    return debit(head, movementOf(context, amountMicros, request.currency!, request.description!, {}))
  }
  const { service } = request
  const counted = countedBefore(head, {}, service, period)
  const rating = rateUsage({
    ...found,
    price: found?.price,
    usage: usageOf(request),
    alreadyUsedQuantity: counted,
  })
  if (!rating.ok)
    return { ok: false, reason: 'not_rated', ratingReason: rating.reason, field: fieldOf(rating.field) }
  const detail = ratedChargeDetail(service, time, rating.explanation)
  const reason = request.description ?? describeUse(request)
  const decision = debit(head, movementOf(context, rating.amountMicros, head.currency, reason, detail))
  if (!decision.ok || rating.countedQuantity === 0n) return decision
  const counters = { [service]: { period, quantity: counted + rating.countedQuantity } }
  return { ok: true, draft: { ...decision.draft, counters } }
}

function movementOf(
  { actor, termsVersion }: ChargeContext,
  amountMicros: bigint,
  currency: string,
  reason: string,
  detail: ChargeDetail,
) {
  return {
    kind: 'charge' as const,
    contra: 'revenue:charge' as const,
    amountMicros,
    currency,
    reason,
    actor,
    detail,
    termsVersion,
  }
}

function usageOf({ quantity, seconds, attributes = {} }: ChargeRequest) {
  return {
    quantity: quantity === undefined ? undefined : BigInt(quantity),
    seconds: seconds === undefined ? undefined : BigInt(seconds),
    attributes,
  }
}

/** Rating names the fields of a usage event; a charge has the same ones elsewhere. */
function fieldOf(eventField: string): string {
  if (eventField === 'type') return 'service'
  const name = eventField.replace(/^data\./, '')
  return name === 'quantity' || name === 'seconds' ? name : `attributes.${name}`
}

function describeUse({ service, quantity, seconds }: ChargeRequest): string {
  const amounts = [
    quantity === undefined ? '' : String(quantity),
    seconds === undefined ? '' : `${seconds} s`,
  ]
  return `${service}: ${amounts.filter(Boolean).join(', ')}`
}
