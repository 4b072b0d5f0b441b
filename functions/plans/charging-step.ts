import type { Account } from '../accounts/account.ts'
import type { Period } from '../accounts/billing-period.ts'
import { hashOf } from '../ledger/canonical-json.ts'

/** What became of a month; `stopped` and `resumed`: of services within it. */
export type ChargedMonth = {
  period: Period
  result: 'charged' | 'short' | 'settled' | 'nothing_to_pay' | 'stopped' | 'resumed'
}

/** An account that is charged, at an instant. */
export type Run = { account: Account; at: string; termsVersion: string | undefined }

/** What a step did; `again` means that the world changed under it and it must be decided anew. */
export type Step = ChargedMonth | 'done' | 'again' | 'account_parked' | 'account_closed'

/** The request's hash is the month alone: whatever it costs by now, it is the same request. */
export function keyOf(kind: 'plan' | 'plan-short', period: Period) {
  return { key: `${kind}:${period}`, requestHash: hashOf({ [kind]: period }) }
}

export function afterRefusal(accountId: string, reason: string): Step {
  if (reason === 'document_changed') return 'again'
  if (reason === 'account_parked' || reason === 'account_closed') return reason
  throw new Error(`account ${accountId}: cannot be charged: ${reason}`)
}

/** A stop changes the plan, so that a revision of it has at most one. It charges nothing, and names no month. */
export function keyOfStop(revision: bigint) {
  return { key: `plan-stop:${revision}`, requestHash: hashOf({ 'plan-stop': revision.toString() }) }
}

/** A resumption changes the plan, so that a revision of it has at most one. */
export function keyOfResumption(period: Period, revision: bigint) {
  const name = `${period}:${revision}`
  return { key: `plan-resume:${name}`, requestHash: hashOf({ 'plan-resume': name }) }
}
