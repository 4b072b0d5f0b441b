import { type AccountClosed, endHold } from '../ledger/decide-hold.ts'
import { countedBefore, countingPeriod, type EntryDraft, type Head } from '../ledger/entry.ts'
import { parseAmount } from '../ledger/money.ts'
import type { RatingExplanation } from '../prices/rate-usage.ts'
import { describeSession } from './decide-authorise.ts'
import type { EndedStatus, Hold } from './hold.ts'
import { endedDetail } from './hold-entry.ts'
import type { CaptureRequest } from './hold-request.ts'
import { rateSession } from './rate-session.ts'

/** What a session is charged, and what that comes from. */
export type Used = {
  amountMicros: bigint
  used?: bigint
  explanation?: RatingExplanation
  /** What tiers count of it. */
  countedQuantity: bigint
}

/** What a capture asks for, by the price that was settled when the session began; or the field that does not go with it. */
export function ratedCapture(hold: Hold, request: CaptureRequest): Used | { misfit: string } {
  if (request.amount !== undefined) {
    const isForeign = request.currency !== undefined && request.currency !== hold.currency
    return isForeign
      ? { misfit: 'currency' }
      : { amountMicros: parseAmount(request.amount)!, countedQuantity: 0n }
  }
  const unit = request.seconds === undefined ? 'quantity' : 'seconds'
  if (hold.use?.unit !== unit) return { misfit: unit }
  return rateUsed(hold, BigInt(request[unit]!))
}

/** What a session that is lost is charged: what was reported of it, as far as it is held. */
export function ratedReport(hold: Hold): Used {
  const { reported, heldMicros } = hold
  const rated =
    reported.used === undefined
      ? { amountMicros: reported.amountMicros, countedQuantity: 0n }
      : rateUsed(hold, reported.used)
  return rated.amountMicros > heldMicros ? { ...rated, amountMicros: heldMicros } : rated
}

function rateUsed({ use }: Hold, used: bigint): Used {
  if (!use) throw new Error('a hold of an amount has no use')
  return { ...rateSession(use, used), used }
}

/** True when a captured hold was captured just so. */
export function isSameCapture({ ended }: Hold, request: CaptureRequest): boolean {
  if (request.amount !== undefined) return ended?.capturedMicros === parseAmount(request.amount)
  return ended?.used === BigInt((request.seconds ?? request.quantity)!)
}

/** Ends a hold with what it is charged; the rest is available again. */
export function decideEnd(
  head: Head,
  hold: Hold,
  ending: { status: EndedStatus; charged: Used; period: string; at: string; actor: string },
): { ok: true; draft: EntryDraft; hold: Hold } | AccountClosed {
  const { status, charged, at, actor } = ending
  const { amountMicros, used, countedQuantity } = charged
  const decision = endHold(head, {
    kind: amountMicros > 0n || status === 'captured' ? 'capture' : 'release',
    held: hold.lots,
    capturedMicros: amountMicros,
    contra: 'revenue:usage',
    reason: describeSession(hold),
    actor,
    termsVersion: hold.termsVersion,
    detail: endedDetail(hold, status, charged),
    counters: countersAfter(head, hold, ending.period, countedQuantity),
  })
  if (!decision.ok) return decision
  const entry = head.sequence + 1n
  const ended = { at, capturedMicros: amountMicros, used, entry }
  return {
    ok: true,
    draft: decision.draft,
    hold: { ...hold, status, ended, revision: hold.revision + 1n },
  }
}

/** What the session used counts for the tiers of those that follow. */
function countersAfter(head: Head, { use }: Hold, localPeriod: string, countedQuantity: bigint) {
  if (!use || countedQuantity === 0n) return undefined
  const period = countingPeriod(head.counters, localPeriod)
  const quantity = countedBefore(head, {}, use.service, period) + countedQuantity
  return { [use.service]: { period, quantity } }
}
