import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import type { Caller } from '../edge/caller.ts'
import { postingProblem } from '../edge/posting-problem.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import type { Ledger, PostingRefusal } from '../ledger/ledger.store.ts'
import type { PriceSource } from '../prices/price-source.ts'
import { ratingProblem } from '../prices/rating-problem.ts'
import { askTerms, type TermsBlocked } from '../terms/ask-terms.ts'
import type { TermsGate } from '../terms/terms-gate.store.ts'
import { isTooFarAhead, TOO_FAR_AHEAD } from '../usage/read-cloud-events.ts'
import { type AuthoriseRefusal, decideAuthorise } from './decide-authorise.ts'
import {
  asksForMore,
  decideExtend,
  type ExtendRefusal,
  fieldThatMisfits,
  renew,
  renewFinal,
} from './decide-extend.ts'
import type { HoldStore } from './hold.store.ts'
import { type Hold, type HoldTimer, holdIdOf, isDue, leaseUntil } from './hold.ts'
import { asOfEntry } from './hold-entry.ts'
import { endedProblem, holdNotFound, misfit, sessionTaken } from './hold-problem.ts'
import type { AuthoriseRequest, ExtendRequest } from './hold-request.ts'
import type { Settling } from './settle-hold.store.ts'

export type AuthorisingOptions = {
  ledger: Pick<Ledger, 'post'>
  holds: HoldStore
  prices: PriceSource
  terms: Pick<TermsGate, 'requireForUsage'>
  settling: Pick<Settling, 'expire' | 'settleExpired'>
  /** Resolves when the timer is sure to ring. */
  startTimer(timer: HoldTimer, now: Date): Promise<void>
}

export type Authorisation = {
  account: Account
  caller: Caller
  request: AuthoriseRequest
  idempotencyKey: string
  now: Date
}
export type Extension = {
  account: Account
  caller: Caller
  holdId: string
  request: ExtendRequest
  idempotencyKey: string
  now: Date
}

const TRIES = 8

/** Sets credit aside for sessions, and more of it while they last. */
export function createAuthorising(options: AuthorisingOptions) {
  const { ledger, holds, prices, terms, settling, startTimer } = options

  /**
   * Begins a session's hold at most once per account and idempotency key; a repeat gives the first reply. A refusal is not
   * kept. The timer is started before anything is written: no hold is ever without one. Throws the `Problem`.
   */
  async function authorise(asked: Authorisation): Promise<Hold> {
    const { account, request, idempotencyKey, now } = asked
    const { accountId, currency, clientType } = account
    const at = now.toISOString()
    const time = request.time ?? at
    if (isTooFarAhead(time, now)) throw invalidField('time', TOO_FAR_AHEAD)
    const { session, service, leaseSeconds } = request
    const holdId = holdIdOf(accountId, session === undefined ? { idempotencyKey } : { session })
    const [found, gate] = await Promise.all([
      service === undefined ? undefined : prices.open().priceFor({ service, currency, clientType, at: time }),
      askTerms(terms.requireForUsage, account, now),
      startTimer({ accountId, holdId, expiresAt: leaseUntil(at, leaseSeconds) }, now),
    ])
    const post = async (isWhole: boolean) => {
      let hold: Hold | undefined
      const posted = await ledger.post<AuthoriseRefusal | TermsBlocked>({
        accountId,
        key: `hold:${idempotencyKey}`,
        requestHash: requestHash({ hold: request }),
        at,
        // The ledger looks for the key before it asks here, so that a repeat is answered even when terms wait by now.
        decide: (head) => {
          if (!gate.ok) return gate
          const decision = decideAuthorise(head, {
            ...{ request, holdId, found, at, isWhole, actor: asked.caller.actor },
            period: periodOf(at, account.timeZone),
            termsVersion: gate.label,
          })
          if (!decision.ok) return decision
          hold = decision.hold
          return { ok: true as const, draft: decision.draft, documents: [holds.creation(decision.hold)] }
        },
      })
      return { posted, hold }
    }
    let { posted, hold } = await post(true)
    if (!posted.ok && posted.reason === 'insufficient_credit') {
      // What lost sessions hold may be had again, before less is granted than was asked for.
      await settling.settleExpired(accountId, now)
      const result = await post(false)
      posted = result.posted
      hold = result.hold
    }
    if (posted.ok) {
      if (!posted.replayed) return hold!
      return asOfEntry(await readHold(accountId, holdId), posted.entry)
    }
    if (posted.reason === 'document_changed') throw sessionTaken(holdId)
    throw problemOf(posted, currency)
  }

  async function readHold(accountId: string, holdId: string): Promise<Hold> {
    const hold = await holds.read(accountId, holdId)
    if (!hold) throw holdNotFound(accountId, holdId)
    return hold
  }

  /**
   * Holds more for a session, as far as credit goes, and renews its lease. Without credit for more the lease is renewed all
   * the same, and the reply says that what is granted is final; with `atLeast` it is refused. Throws the `Problem`.
   */
  async function extend(asked: Extension): Promise<Hold> {
    const { account, holdId, request, now } = asked
    const { accountId } = account
    const at = now.toISOString()
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const hold = await readHold(accountId, holdId)
      const field = fieldThatMisfits(hold, request)
      if (field) throw misfit(field, hold)
      if (asksForMore(request)) {
        const outcome = await holdMore(asked, hold)
        if (outcome === 'changed') continue
        if (outcome !== 'no_credit') return outcome
      }
      if (hold.status !== 'held') throw endedProblem(hold)
      if (isDue(hold, at)) await settling.expire(accountId, holdId, now)
      else {
        const next = asksForMore(request) ? renewFinal(hold, request, at) : renew(hold, request, at)
        if (await holds.write(hold, next)) return next
      }
    }
    throw new Problem('busy', 'With the same Idempotency-Key it is done once.')
  }

  /** The hold with more, or why not: something else has changed it, or there is no credit for any more. */
  async function holdMore(asked: Extension, before: Hold): Promise<Hold | 'changed' | 'no_credit'> {
    const { account, caller, holdId, request, idempotencyKey, now } = asked
    const { accountId, currency } = account
    const at = now.toISOString()
    const gate = await askTerms(terms.requireForUsage, account, now)
    let hold: Hold | undefined
    const posted = await ledger.post<ExtendRefusal | TermsBlocked>({
      accountId,
      key: `extend:${holdId}:${idempotencyKey}`,
      requestHash: requestHash({ extend: request }),
      at,
      // As for one that begins: a repeat is answered also when terms wait by now.
      decide: (head) => {
        if (!gate.ok) return gate
        const by = { at, actor: caller.actor, termsVersion: gate.label }
        const decision = decideExtend(head, before, request, by)
        if (!decision.ok) return decision
        hold = decision.hold
        return { ok: true as const, draft: decision.draft, documents: [holds.change(before, decision.hold)] }
      },
    })
    if (posted.ok) return posted.replayed ? asOfEntry(before, posted.entry) : hold!
    if (posted.reason === 'document_changed') return 'changed'
    if (posted.reason === 'blocked') throw posted.problem
    if (posted.reason === 'hold_ended') throw endedProblem(before)
    if (posted.reason === 'hold_due') {
      await settling.expire(accountId, holdId, now)
      return 'changed'
    }
    if (posted.reason !== 'insufficient_credit') throw postingProblem(posted, currency)
    if ((await settling.settleExpired(accountId, now)) > 0) return 'changed'
    if (request.atLeast !== undefined || !before.use) throw postingProblem(posted, currency)
    return 'no_credit'
  }

  return { authorise, extend }
}

function problemOf(refusal: AuthoriseRefusal | TermsBlocked | PostingRefusal, currency: string): Problem {
  if (refusal.reason === 'blocked') return refusal.problem
  if (refusal.reason !== 'not_rated') return postingProblem(refusal, currency)
  return ratingProblem(refusal)
}
