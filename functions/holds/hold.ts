import { idFromKey } from '../edge/request-id.ts'
import type { HeldLot } from '../ledger/decide-hold.ts'
import type { FrozenPrice } from './frozen-price.ts'

/** `held` is open; the others are how it ended, for good. `expired`: its lease ended it, and what was reported is charged. */
export const HOLD_STATUSES = ['held', 'captured', 'released', 'expired'] as const
export type HoldStatus = (typeof HOLD_STATUSES)[number]
export type EndedStatus = Exclude<HoldStatus, 'held'>

/** What a session is measured in. */
export const HOLD_UNITS = ['seconds', 'quantity'] as const
export type HoldUnit = (typeof HOLD_UNITS)[number]

/** A use that grows while the session lasts; its price was settled when it began. */
export type MeteredUse = {
  service: string
  unit: HoldUnit
  /** What was asked for so far, and how much of it is held for: in all, from the session's beginning. */
  asked: bigint
  granted: bigint
  /** Credit ends here: less was granted than asked. */
  isFinal: boolean
  attributes: { [name: string]: string | number }
  /** The instant whose price is in force. */
  time: string
  price: FrozenPrice
  /** What tiers had counted when the session began: they count on from there for as long as it lasts. */
  alreadyUsed: bigint
}

/** What the session is charged if it is not heard of again: the most that was reported of it. */
export type Reported = { used?: bigint; amountMicros: bigint }

/** Credit set aside for one session, as the documents table keeps it under `ACCOUNT#<id>` / `HOLD#<id>`. */
export type Hold = {
  accountId: string
  holdId: string
  /** The caller's own name for what is in progress, such as a call's id. */
  session?: string
  status: HoldStatus
  currency: string
  /** What is set aside; after its end, what was. */
  heldMicros: bigint
  lots: HeldLot[]
  /** Absent for an amount of its own. */
  use?: MeteredUse
  reported: Reported
  /** The session's record has come as a usage event, which was not charged: this hold has to be. */
  isRecorded?: true
  leaseSeconds: number
  authorisedAt: string
  /** The session is lost when it has not been heard of by then. */
  expiresAt: string
  actor: string
  termsVersion?: string
  /** Raised by each change: the condition of the next. */
  revision: bigint
  firstEntry: bigint
  ended?: { at: string; capturedMicros: bigint; used?: bigint; entry: bigint }
}

/** Where a list of open holds goes on: after this one. */
export type HoldPosition = Pick<Hold, 'holdId' | 'expiresAt'>

/** What rings when a hold's lease may be over. */
export type HoldTimer = Pick<Hold, 'accountId' | 'holdId' | 'expiresAt'>

export const SHORTEST_LEASE_SECONDS = 5
export const LONGEST_LEASE_SECONDS = 6 * 3600
export const USUAL_LEASE_SECONDS = 60

/**
 * A hold's id: from its session, so that whoever knows the session knows the hold, or else from the request's key. The same
 * session of another account is another hold.
 */
export function holdIdOf(accountId: string, named: { session: string } | { idempotencyKey: string }): string {
  return 'session' in named
    ? idFromKey('hold', `${accountId}\nsession`, named.session)
    : idFromKey('hold', `${accountId}\nkey`, named.idempotencyKey)
}

/** Nothing has been heard of the session for as long as its lease. */
export function isDue(hold: Hold, at: string): boolean {
  return hold.status === 'held' && hold.expiresAt <= at
}

export function leaseUntil(at: string, leaseSeconds: number): string {
  return new Date(Date.parse(at) + leaseSeconds * 1000).toISOString()
}
