import type { Period } from '../accounts/billing-period.ts'
import { hasExpired } from '../ledger/credit-at.ts'
import { type HeldLot, sumOfHeld } from '../ledger/decide-hold.ts'
import type { Head } from '../ledger/entry.ts'

/** How much of the next plan charge is set aside: nothing, all of it, or what has accrued by the day. */
export const RING_FENCE_MODES = ['off', 'whole', 'accruing'] as const
export type RingFenceMode = (typeof RING_FENCE_MODES)[number]

/** Credit that only the plan may use, as the documents table keeps it under `ACCOUNT#<id>` / `RING_FENCE`. */
export type RingFence = {
  accountId: string
  /** The month whose charge was looked at when it was last set; absent before. */
  period?: Period
  heldMicros: bigint
  /** In the order of use. */
  lots: HeldLot[]
  /** When it is to be looked at again, whatever else happens; absent when only what happens asks for it. */
  dueAt?: string
  /** Raised by each write: the condition of the next. */
  revision: bigint
}

/** Before anything was ever set aside. */
export function noRingFence(accountId: string): RingFence {
  return { accountId, heldMicros: 0n, lots: [], revision: 0n }
}

/** The ring-fence with other lots. */
export function withLots(before: RingFence, lots: HeldLot[]): RingFence {
  return { ...before, lots, heldMicros: sumOfHeld(lots), revision: before.revision + 1n }
}

/** What of it will still be credit at an instant. */
export function lastingAt({ lots }: Pick<RingFence, 'lots'>, at: string): HeldLot[] {
  return lots.filter((lot) => !hasExpired(lot, at))
}

/** HEAD as the plan sees it: what is set aside for it counts as available. */
export function withSetAside(head: Head, { lots }: Pick<RingFence, 'lots'>): Head {
  return { ...head, availableMicros: head.availableMicros + sumOfHeld(lots) }
}

/** HEAD is newer than the ring-fence as it was read: something else has taken of it. */
export function isOutdated(head: { heldMicros: bigint }, { heldMicros }: RingFence): boolean {
  return head.heldMicros < heldMicros
}
