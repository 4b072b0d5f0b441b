import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import { postingProblem } from '../edge/posting-problem.ts'
import { Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import type { AccountClosed } from '../ledger/decide-hold.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import { decideEnd, isSameCapture, ratedCapture, ratedReport, type Used } from './decide-end.ts'
import type { HoldStore } from './hold.store.ts'
import { type EndedStatus, type Hold, isDue } from './hold.ts'
import { endedProblem, hasRecord, holdNotFound, misfit, moreThanHeld } from './hold-problem.ts'
import type { CaptureRequest } from './hold-request.ts'

export type SettlingOptions = {
  ledger: Pick<Ledger, 'post'>
  holds: HoldStore
  accounts: { read(accountId: string): Promise<Account | undefined> }
}

export type Settling = ReturnType<typeof createSettling>

/** Whom a hold's end is asked for by. */
export type Asked = { accountId: string; holdId: string; actor: string; now: Date }

/** What became of a hold whose timer rang. */
export type Expiry = 'no_hold' | 'ended' | 'settled' | { heldUntil: string }

/** Each lost race means that somebody else has changed the hold: so many do not come one after another. */
const TRIES = 8
const PAGE_HOLDS = 25
const LEASE = 'system:lease'

/**
 * Ends holds: captured, released, or by their lease. Each end is one posting, in whose transaction the hold's document
 * ends as well, so that of several that come at once one wins and the others see how it ended.
 */
export function createSettling({ ledger, holds, accounts }: SettlingOptions) {
  /** Charges what a session used and gives back the rest; a repeat gives the same hold. Throws the `Problem`. */
  async function capture(asked: Asked, request: CaptureRequest): Promise<Hold> {
    return settle(asked, (hold) => {
      if (hold.status === 'captured' && isSameCapture(hold, request)) return undefined
      if (hold.status !== 'held') throw endedProblem(hold)
      const charged = ratedCapture(hold, request)
      if ('misfit' in charged) throw misfit(charged.misfit, hold)
      if (charged.amountMicros > hold.heldMicros) throw moreThanHeld(hold, charged.amountMicros)
      return { status: 'captured', charged }
    })
  }

  /** Gives all of it back: the session did not take place. A repeat gives the same hold. Throws the `Problem`. */
  async function release(asked: Asked): Promise<Hold> {
    return settle(asked, (hold) => {
      if (hold.status === 'released') return undefined
      if (hold.status !== 'held') throw endedProblem(hold)
      if (hold.isRecorded) throw hasRecord(hold)
      return { status: 'released', charged: { amountMicros: 0n, countedQuantity: 0n } }
    })
  }

  type Ending = { status: EndedStatus; charged: Used }

  /** Ends a hold as `decide` says; one whose lease is over ends by that first. */
  async function settle(asked: Asked, decide: (hold: Hold) => Ending | undefined): Promise<Hold> {
    const { accountId, holdId, now } = asked
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const hold = await holds.read(accountId, holdId)
      if (!hold) throw holdNotFound(accountId, holdId)
      if (isDue(hold, now.toISOString())) {
        await endByLease(hold, now)
        continue
      }
      const ending = decide(hold)
      if (!ending) return hold
      const ended = await end(hold, { ...ending, actor: asked.actor }, now)
      if (ended) return ended
    }
    throw new Problem('busy', 'With the same Idempotency-Key it is done once.')
  }

  /** The hold as it ended, or nothing when something else has changed it. */
  async function end(hold: Hold, ending: Ending & { actor: string }, now: Date): Promise<Hold | undefined> {
    const { accountId, holdId, currency } = hold
    const at = now.toISOString()
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`hold ${holdId} of account ${accountId}, which is not there`)
    const period = periodOf(at, account.timeZone)
    let ended: Hold | undefined
    const posted = await ledger.post<AccountClosed | { ok: false; reason: 'document_changed' }>({
      accountId,
      key: `${ending.status === 'released' ? 'release' : 'capture'}:${holdId}`,
      // However it ended, it is the same end: which, its document says.
      requestHash: requestHash({ end: holdId }),
      at,
      decide: (head) => {
        // HEAD is newer than the hold as it was read: something else has ended it.
        if (head.heldMicros < hold.heldMicros) return { ok: false, reason: 'document_changed' as const }
        const decision = decideEnd(head, hold, { ...ending, period, at })
        if (!decision.ok) return decision
        ended = decision.hold
        return { ok: true as const, draft: decision.draft, documents: [holds.change(hold, decision.hold)] }
      },
    })
    if (posted.ok) return posted.replayed ? undefined : ended
    if (posted.reason === 'document_changed') return undefined
    throw postingProblem(posted, currency)
  }

  async function endByLease(hold: Hold, now: Date): Promise<Hold | undefined> {
    return end(hold, { status: 'expired', charged: ratedReport(hold), actor: LEASE }, now)
  }

  /** Ends a hold if its lease is over; says until when it is held if it is not. */
  async function expire(accountId: string, holdId: string, now: Date): Promise<Expiry> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const hold = await holds.read(accountId, holdId)
      if (!hold) return 'no_hold'
      if (hold.status !== 'held') return 'ended'
      if (!isDue(hold, now.toISOString())) return { heldUntil: hold.expiresAt }
      if (await endByLease(hold, now)) return 'settled'
    }
    throw new Error(`hold ${holdId} kept changing while it was to end`)
  }

  /** Ends every hold of an account whose lease is over, and says how many those were. What is not due stays. */
  async function settleExpired(accountId: string, now: Date): Promise<number> {
    let count = 0
    let after: Hold | undefined
    do {
      const due: Hold[] = await holds.listOpen(accountId, {
        limit: PAGE_HOLDS,
        after,
        dueAt: now.toISOString(),
      })
      for (const { holdId } of due) if ((await expire(accountId, holdId, now)) === 'settled') count += 1
      after = due.length === PAGE_HOLDS ? due.at(-1) : undefined
    } while (after)
    return count
  }

  return { capture, release, expire, settleExpired }
}
