import { expireDueSessions } from './checkout-sessions.ts'
import { closeInquiry, loseDispute } from './dispute-moves.ts'
import { failRefund, succeedRefund } from './refunds.ts'
import type { ScheduledAction } from './stripe-store.ts'
import type { StripeWorld } from './stripe-world.ts'

const ACTIONS: Record<ScheduledAction, (world: StripeWorld, objectId: string) => void> = {
  refund_succeeds: succeedRefund,
  refund_fails: (world, id) => failRefund(world, id),
  dispute_is_lost: loseDispute,
  inquiry_closes: closeInquiry,
}

/**
 * Does what is due by `Date.now()`: sessions expire, refunds that took their time end, disputes that nobody answered are
 * lost, inquiries are closed. Returns how much was done.
 */
export function settleDue(world: StripeWorld): number {
  const expired = expireDueSessions(world)
  const due = world.store.dueActions(world.nowSeconds())
  for (const { objectId, action } of due) world.change(null, () => ACTIONS[action](world, objectId))
  return expired + due.length
}
