import type { Resolution, Watch } from '../top-up/watch-list.ts'

export const EXCEPTION_KINDS = [
  'stuck',
  'declined',
  'disputed',
  'mismatched',
  'paid_twice',
  'refund_to_approve',
  'refund_failed',
] as const
export type ExceptionKind = (typeof EXCEPTION_KINDS)[number]

const MINUTE_MILLISECONDS = 60_000
const HOUR_MILLISECONDS = 60 * MINUTE_MILLISECONDS

/** How long a payment may stay as it is before it is stuck: a card is charged at once, a payment page is open for a day. */
const STUCK_AFTER_MILLISECONDS = {
  saved_card: 30 * MINUTE_MILLISECONDS,
  checkout: 25 * HOUR_MILLISECONDS,
  refund: HOUR_MILLISECONDS,
}

/** The lists on which a kind of exception stands, each from how long ago on. */
export const LISTS: Record<ExceptionKind, { watch: Watch; afterMilliseconds: number }[]> = {
  stuck: [
    { watch: 'open', afterMilliseconds: STUCK_AFTER_MILLISECONDS.saved_card },
    { watch: 'refund_open', afterMilliseconds: STUCK_AFTER_MILLISECONDS.refund },
  ],
  declined: [{ watch: 'declined', afterMilliseconds: 0 }],
  disputed: [{ watch: 'disputed', afterMilliseconds: 0 }],
  mismatched: [{ watch: 'mismatched', afterMilliseconds: 0 }],
  paid_twice: [{ watch: 'paid_twice', afterMilliseconds: 0 }],
  refund_to_approve: [{ watch: 'refund_to_approve', afterMilliseconds: 0 }],
  refund_failed: [{ watch: 'refund_failed', afterMilliseconds: 0 }],
}

/** What any document of a payment says that stands on a list: a top-up, a refund or a dispute. */
export type WatchedDocument = {
  about: 'top_up' | 'refund' | 'dispute'
  id: string
  watch?: Watch
  accountId: string
  topUpId: string
  status: string
  amountMicros: bigint
  currency: string
  changedAt: string
  revision: bigint
  resolution?: Resolution
  /** Of a top-up. */
  method?: 'checkout' | 'saved_card'
  secondPaymentId?: string
  paymentId?: string
  failureCode?: string
  /** What does not match, of a top-up or a dispute. */
  mismatch?: string
  /** Of a dispute: the provider's word for why. */
  reason?: string
  evidenceDueAt?: string
}

/** As what kind of exception a document is shown now; undefined while it is none, or when staff are done with it. */
export function kindOf(document: WatchedDocument, now: Date): ExceptionKind | undefined {
  const { watch, changedAt, resolution } = document
  if (resolution?.since === changedAt) return undefined
  const kind = EXCEPTION_KINDS.find((each) => LISTS[each].some((list) => list.watch === watch))
  return kind === 'stuck' && !isStuck(document, now) ? undefined : kind
}

function isStuck({ about, method, changedAt }: WatchedDocument, now: Date): boolean {
  const limit = about === 'top_up' && method ? method : 'refund'
  return now.getTime() - Date.parse(changedAt) >= STUCK_AFTER_MILLISECONDS[limit]
}

const NEXT_STEPS: Record<ExceptionKind, string> = {
  stuck:
    'Look it up at the provider. It is asked again by itself every quarter of an hour; if it does not answer, its status page says why.',
  declined: 'The client has to pay another way: by the link that it was sent, or with another card.',
  disputed: 'Hand in evidence at the provider before it is due, or accept it there.',
  mismatched:
    'Compare it with the provider. Refund the payment there, or give credit for it as a correction; then take it off this list.',
  paid_twice: 'Refund the second payment at the provider; then take it off this list.',
  refund_to_approve: 'Approve or reject it, unless you have asked for it yourself: a second person has to.',
  refund_failed: 'The credit is back. Agree with the client on another way to pay it out.',
}

/** What is to be done about an exception, in a sentence. */
export function nextStepOf(kind: ExceptionKind, { about, mismatch }: WatchedDocument): string {
  if (kind === 'disputed' && mismatch === 'account_closed')
    return 'It was won. Open the account again: what comes back is given back there by itself.'
  if (kind === 'mismatched' && about === 'dispute')
    return 'Compare it with the provider, and correct the account by hand; then take it off this list.'
  return NEXT_STEPS[kind]
}

/** Why it stands there, in the provider's or our own word. */
export function whyOf({
  mismatch,
  failureCode,
  reason,
  secondPaymentId,
}: WatchedDocument): string | undefined {
  return mismatch ?? failureCode ?? secondPaymentId ?? reason
}
