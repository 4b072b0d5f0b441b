import type { BusEvent, EventName } from '../events/event.ts'

/** Of what people are told by e-mail. */
const NOTICE_EVENTS = [
  'plan.warning',
  'plan.short',
  'plan.price_change',
  'plan.reminder',
  'service.suspended',
  'service.resumed',
  'balance.low',
  'top_up.settled',
  'usage.refused',
  'credit.expiring',
  'top_up_refund.succeeded',
  'top_up_refund.failed',
  'card.expiring',
  'dispute.opened',
  'dispute.lost',
  'dispute.won',
  'auto_top_up.paused',
  'auto_top_up.disabled',
  'auto_top_up.cap_reached',
  'privacy.export_ready',
  'privacy.extended',
  'privacy.erased',
  'terms.published',
  'terms.reminder',
] as const satisfies EventName[]

export type NoticeEvent = Extract<BusEvent, { detailType: (typeof NOTICE_EVENTS)[number] }>

export function isNoticeEvent(event: BusEvent): event is NoticeEvent {
  return (NOTICE_EVENTS as readonly EventName[]).includes(event.detailType)
}

/**
 * What a person is told once, however many accounts they act for, under this id; undefined for what each account is told. It
 * concerns many at once, so that its e-mails are paced.
 */
export function oncePerPersonId({ detailType, detail }: NoticeEvent): string | undefined {
  if (detailType !== 'terms.published' && detailType !== 'terms.reminder') return undefined
  return detail.id.slice(`${detail.accountId}/`.length)
}
