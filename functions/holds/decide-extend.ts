import { addHeld, type HoldRefusal, hold as holdCredit } from '../ledger/decide-hold.ts'
import type { Head } from '../ledger/entry.ts'
import { parseAmount } from '../ledger/money.ts'
import { describeSession, type Holding, leastOf } from './decide-authorise.ts'
import { findAffordable } from './find-affordable.ts'
import { type Hold, isDue, leaseUntil, type MeteredUse, type Reported } from './hold.ts'
import { heldDetail } from './hold-entry.ts'
import type { ExtendRequest } from './hold-request.ts'
import { rateSession } from './rate-session.ts'

export type ExtendRefusal =
  | HoldRefusal
  | { ok: false; reason: 'hold_ended' }
  | { ok: false; reason: 'hold_due' }

/** True when more credit is asked for, and not just more time to be heard of. */
export function asksForMore(request: ExtendRequest): boolean {
  return [request.seconds, request.quantity, request.amount].some((value) => value !== undefined)
}

/** The request's field that does not go with what the hold is measured in, if there is one. */
export function fieldThatMisfits({ use }: Hold, request: ExtendRequest): string | undefined {
  const fits = use ? use.unit : 'amount'
  const names = ['seconds', 'quantity', 'amount'] as const
  const asked = names.find((name) => name !== fits && request[name] !== undefined)
  const reported = names.find((name) => name !== fits && request.reported?.[name] !== undefined)
  return asked ?? (reported && `reported.${reported}`)
}

/**
 * Sets more credit aside for a session: the price of all that is granted since it began, less what is held already, so that
 * a first interval or a fee is not held twice. From then on the session goes by the terms of this instant.
 */
export function decideExtend(
  head: Head,
  before: Hold,
  request: ExtendRequest,
  { at, actor, termsVersion }: { at: string; actor: string; termsVersion?: string },
): Holding | ExtendRefusal {
  if (before.status !== 'held') return { ok: false, reason: 'hold_ended' }
  if (isDue(before, at)) return { ok: false, reason: 'hold_due' }
  const { use, totalMicros } = extendedUse(head, before, request)
  const hold: Hold = { ...renew(before, request, at), use, heldMicros: totalMicros, termsVersion }
  const decision = holdCredit(head, {
    amountMicros: totalMicros - before.heldMicros,
    reason: describeSession(hold),
    actor,
    termsVersion,
    detail: heldDetail(hold),
  })
  if (!decision.ok) return decision
  return { ok: true, draft: decision.draft, hold: { ...hold, lots: addHeld(before.lots, decision.drawn) } }
}

function extendedUse(
  head: Head,
  { use, heldMicros }: Hold,
  request: ExtendRequest,
): { use?: MeteredUse; totalMicros: bigint } {
  if (!use) return { totalMicros: heldMicros + parseAmount(request.amount!)! }
  const more = BigInt((request.seconds ?? request.quantity)!)
  const asked = use.granted + more
  const least = use.granted + leastOf(more, request.atLeast, 1n)
  const costOf = (quantity: bigint) => rateSession(use, quantity).amountMicros
  const budgetMicros = head.availableMicros + heldMicros
  const granted = findAffordable(costOf, { least, most: asked, budgetMicros }) ?? least
  return { use: { ...use, asked, granted, isFinal: granted < asked }, totalMicros: costOf(granted) }
}

/** The hold after a sign of life: a longer lease, and what is reported of the session. Neither ever falls. */
export function renew(before: Hold, request: ExtendRequest, at: string): Hold {
  const leaseSeconds = request.leaseSeconds ?? before.leaseSeconds
  return {
    ...before,
    leaseSeconds,
    expiresAt: [before.expiresAt, leaseUntil(at, leaseSeconds)].toSorted().at(-1)!,
    reported: report(before, request.reported),
    revision: before.revision + 1n,
  }
}

/** The same with as much of the session as credit covers: there is no more of it. */
export function renewFinal(before: Hold, request: ExtendRequest, at: string): Hold {
  const { use } = before
  const more = BigInt(request.seconds ?? request.quantity ?? 0)
  return {
    ...renew(before, request, at),
    ...(use && { use: { ...use, asked: use.granted + more, isFinal: true } }),
  }
}

function report({ use, reported }: Hold, said: ExtendRequest['reported']): Reported {
  if (!said) return reported
  const next = use
    ? reportUsed(use, BigInt(said[use.unit] ?? 0))
    : { amountMicros: parseAmount(said.amount ?? '0')! }
  const isMore =
    next.amountMicros > reported.amountMicros ||
    (next.amountMicros === reported.amountMicros && (next.used ?? 0n) > (reported.used ?? 0n))
  return isMore ? next : reported
}

function reportUsed(use: MeteredUse, used: bigint): Reported {
  return { used, amountMicros: rateSession(use, used).amountMicros }
}
