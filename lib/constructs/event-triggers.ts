import type { EventName } from './bus.ts'

/** What may bring enough credit for months that are owed: they are charged then. An account that is open again has months due again. */
export const settlesWhatIsOwed = [
  'top_up.settled',
  'credit.given',
  'charge.refunded',
  'entry.reversed',
  'session.ended',
  'top_up_refund.failed',
  'dispute.won',
  'plan.changed',
  'account.reopened',
] as const satisfies EventName[]

/** What may fund a month that was warned of, or keep automatic top-up from paying for one: its warning is looked at then. */
export const changesWarnings = [
  ...settlesWhatIsOwed,
  'auto_top_up.cap_reached',
  'auto_top_up.disabled',
  'auto_top_up.paused',
  'auto_top_up.switched_off',
  'card.changed',
  'card.chosen',
  'card.removed',
] as const satisfies EventName[]

/** What may leave too little credit, end an attempt, or mend what paused automatic top-up: it is looked at then. */
export const checksAutoTopUp = [
  'usage.deducted',
  'usage.refused',
  'charge.made',
  'charge.refunded',
  'credit.expired',
  'plan.charged',
  'plan.changed',
  'service.resumed',
  'plan.short',
  'plan.warning',
  'plan.automatic_top_up_expected',
  'ring_fence.changed',
  'session.authorised',
  'session.ended',
  'credit.given',
  'entry.reversed',
  'top_up.settled',
  'top_up.failed',
  'top_up.expired',
  'top_up.mismatched',
  'card.saved',
  'card.changed',
  'card.chosen',
] as const satisfies EventName[]
