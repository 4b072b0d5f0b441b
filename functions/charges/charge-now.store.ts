import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import type { Caller } from '../edge/caller.ts'
import { postingProblem } from '../edge/posting-problem.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import type { Settling } from '../holds/settle-hold.store.ts'
import type { Entry } from '../ledger/entry.ts'
import type { Ledger, PostingRefusal } from '../ledger/ledger.store.ts'
import type { PriceSource } from '../prices/price-source.ts'
import { ratingProblem } from '../prices/rating-problem.ts'
import { askTerms, type TermsBlocked } from '../terms/ask-terms.ts'
import type { TermsGate } from '../terms/terms-gate.store.ts'
import { isTooFarAhead, TOO_FAR_AHEAD } from '../usage/read-cloud-events.ts'
import { type ChargeRequest, isOneOff } from './charge.ts'
import { type ChargeRefusal, decideCharge } from './charge-now.ts'

export type ChargingOptions = {
  ledger: Pick<Ledger, 'post'>
  prices: PriceSource
  terms: Pick<TermsGate, 'require' | 'requireForUsage'>
  settling: Pick<Settling, 'settleExpired'>
}

export type Charge = {
  account: Account
  caller: Caller
  request: ChargeRequest
  idempotencyKey: string
  now: Date
}

/** Rates and deducts at once. */
export function createCharging({ ledger, prices, terms, settling }: ChargingOptions) {
  /**
   * Charges at most once per account and idempotency key; a repeat gives the first entry, whatever the price, the terms or
   * the balance are by then. Where credit is lacking, what lost sessions hold is settled first. A refusal is not kept: the
   * same key may succeed when there is credit. Throws the `Problem`.
   */
  async function charge({ account, caller, request, idempotencyKey, now }: Charge): Promise<Entry> {
    const at = now.toISOString()
    const time = request.time ?? at
    if (isOneOff(request) && caller.kind !== 'staff') {
      throw new Problem(
        'role_not_allowed',
        'Only staff may charge an amount of their own; send a service to have it rated.',
      )
    }
    if (isTooFarAhead(time, now)) throw invalidField('time', TOO_FAR_AHEAD)
    // An amount of its own is bought anew; a service that is used goes on while there is grace.
    const gate = await askTerms(isOneOff(request) ? terms.require : terms.requireForUsage, account, now)
    const { accountId, currency, clientType } = account
    const { service } = request
    const found =
      service === undefined
        ? undefined
        : await prices.open().priceFor({ service, currency, clientType, at: time })
    const period = periodOf(at, account.timeZone)
    const context = { request, time, period, found, actor: caller.actor }
    const post = () =>
      ledger.post<ChargeRefusal | TermsBlocked>({
        accountId,
        key: `charge:${idempotencyKey}`,
        requestHash: requestHash({ charge: request }),
        at,
        // The ledger looks for the key before it asks here, so that a repeat is answered even when terms wait by now.
        decide: (head) => (gate.ok ? decideCharge(head, { ...context, termsVersion: gate.label }) : gate),
      })
    let posted = await post()
    const lacksCredit = !posted.ok && posted.reason === 'insufficient_credit'
    if (lacksCredit && (await settling.settleExpired(accountId, now)) > 0) posted = await post()
    if (posted.ok) return posted.entry
    throw posted.reason === 'blocked' ? posted.problem : problemOf(posted, account)
  }

  return { charge }
}

function problemOf(refusal: ChargeRefusal | PostingRefusal, { currency }: Account): Problem {
  if (refusal.reason !== 'not_rated') return postingProblem(refusal, currency)
  return ratingProblem(refusal)
}
