import { asLine } from '../edge/text.ts'
import { type HoldRefusal, hold as holdCredit } from '../ledger/decide-hold.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import { countedBefore, countingPeriod, type EntryDraft, type Head } from '../ledger/entry.ts'
import { parseAmount } from '../ledger/money.ts'
import type { FoundPrice } from '../prices/price-source.ts'
import { type RatingRefusal, rateUsage } from '../prices/rate-usage.ts'
import { findAffordable } from './find-affordable.ts'
import { freezePrice } from './frozen-price.ts'
import { type Hold, leaseUntil, type MeteredUse } from './hold.ts'
import { heldDetail } from './hold-entry.ts'
import type { AuthoriseRequest } from './hold-request.ts'
import { leastGrant, rateSession, usageOf } from './rate-session.ts'

export type NotRated = { ok: false; reason: 'not_rated'; ratingReason: RatingRefusal; field: string }
export type AuthoriseRefusal = MovementRefusal | NotRated
export type Holding = { ok: true; draft: EntryDraft; hold: Hold }

export type AuthoriseContext = {
  request: AuthoriseRequest
  holdId: string
  found: FoundPrice | undefined
  /** The account's local month: what tiers are counted by. */
  period: string
  at: string
  actor: string
  termsVersion?: string
  /** Refuse rather than grant a part. */
  isWhole: boolean
}

/**
 * Sets credit aside for a session: for all that is asked, or for as much of it as credit covers. Refuses, with what is
 * missing for the least that could be granted, when that is too much.
 */
export function decideAuthorise(head: Head, context: AuthoriseContext): Holding | AuthoriseRefusal {
  const { request } = context
  if (request.service !== undefined) return authoriseUse(head, context, request.service)
  if (request.currency !== head.currency)
    return { ok: false, reason: 'wrong_currency', accountCurrency: head.currency }
  return setAside(head, context, undefined, parseAmount(request.amount!)!)
}

function authoriseUse(head: Head, context: AuthoriseContext, service: string): Holding | AuthoriseRefusal {
  const { request, found, at, isWhole } = context
  const unit = request.seconds === undefined ? 'quantity' : 'seconds'
  const asked = BigInt((request.seconds ?? request.quantity)!)
  const attributes = request.attributes ?? {}
  const alreadyUsed = countedBefore(head, {}, service, countingPeriod(head.counters, context.period))
  const usage = usageOf(unit, asked, attributes)
  const rating = rateUsage({ ...found, price: found?.price, usage, alreadyUsedQuantity: alreadyUsed })
  if (!rating.ok)
    return { ok: false, reason: 'not_rated', ratingReason: rating.reason, field: fieldOf(rating.field) }
  const price = freezePrice(found!, rating.explanation.rateDeck)
  const use = { service, unit, attributes, time: request.time ?? at, price, alreadyUsed } as const
  const least = isWhole ? asked : leastOf(asked, request.atLeast, leastGrant(price))
  const costOf = (quantity: bigint) => rateSession(use, quantity).amountMicros
  const granted = findAffordable(costOf, { least, most: asked, budgetMicros: head.availableMicros }) ?? least
  return setAside(head, context, { ...use, asked, granted, isFinal: granted < asked }, costOf(granted))
}

/** No more than what is asked, and no less than the caller wants or the price bills at least. */
export function leastOf(asked: bigint, atLeast: number | undefined, billed: bigint): bigint {
  const wanted = BigInt(atLeast ?? 1)
  const least = wanted > billed ? wanted : billed
  return least < asked ? least : asked
}

function setAside(
  head: Head,
  context: AuthoriseContext,
  use: MeteredUse | undefined,
  heldMicros: bigint,
): Holding | HoldRefusal {
  const { request, holdId, at, actor, termsVersion } = context
  const { session, leaseSeconds } = request
  const hold: Hold = {
    accountId: head.accountId,
    holdId,
    session,
    status: 'held',
    currency: head.currency,
    heldMicros,
    lots: [],
    use,
    reported: { amountMicros: 0n },
    leaseSeconds,
    authorisedAt: at,
    expiresAt: leaseUntil(at, leaseSeconds),
    actor,
    termsVersion,
    revision: 1n,
    firstEntry: head.sequence + 1n,
  }
  const reason = request.description ?? describeSession(hold)
  const detail = heldDetail(hold)
  const decision = holdCredit(head, { amountMicros: heldMicros, reason, actor, termsVersion, detail })
  if (!decision.ok) return decision
  return { ok: true, draft: decision.draft, hold: { ...hold, lots: decision.drawn } }
}

/** For people: `call to 442079460123`, `storage`, or the caller's own name for it. */
export function describeSession({ use, session }: Pick<Hold, 'use' | 'session'>): string {
  if (!use) return session ?? 'An amount'
  const { destination } = use.attributes
  return destination === undefined ? use.service : asLine(`${use.service} to ${destination}`, 200)
}

/** Rating names the fields of a usage event; a hold has the same ones elsewhere. */
function fieldOf(eventField: string): string {
  if (eventField === 'type') return 'service'
  const name = eventField.replace(/^data\./, '')
  return name === 'quantity' || name === 'seconds' ? name : `attributes.${name}`
}
