import { z } from 'zod'

/** The one table from a refusal to its response: every `code` that the API can answer, with status and title. */
export const PROBLEMS = {
  request_invalid: { status: 400, title: 'The request is not as the API describes it' },
  idempotency_key_missing: {
    status: 400,
    title: 'This request needs an Idempotency-Key header',
  },
  rate_deck_invalid: { status: 400, title: 'The rate deck has bad lines; nothing was imported' },
  webhook_signature_invalid: { status: 400, title: 'The signature of the event does not match' },
  unauthorized: { status: 401, title: 'A bearer token is needed' },
  insufficient_credit: { status: 402, title: 'There is not enough credit' },
  payment_declined: { status: 402, title: 'The card was declined' },
  authentication_required: { status: 402, title: 'The card’s bank wants its holder to confirm the payment' },
  role_not_allowed: { status: 403, title: 'Your role does not allow this' },
  approval_by_requester: { status: 403, title: 'A second person has to approve what you have asked for' },
  approval_by_machine: { status: 403, title: 'Only a person approves' },
  sign_in_again: { status: 403, title: 'This needs a sign-in of the last minutes' },
  terms_required: { status: 403, title: 'New terms must be accepted first' },
  not_found: { status: 404, title: 'There is nothing here' },
  account_not_found: { status: 404, title: 'There is no such account' },
  transaction_not_found: { status: 404, title: 'There is no such transaction' },
  usage_event_not_found: { status: 404, title: 'Nothing has been decided about such an event' },
  usage_source_not_found: { status: 404, title: 'There is no such source of numbered events' },
  card_not_found: { status: 404, title: 'There is no such card' },
  top_up_not_found: { status: 404, title: 'There is no such top-up' },
  refund_not_found: { status: 404, title: 'There is no such refund' },
  dispute_not_found: { status: 404, title: 'There is no such dispute' },
  exception_not_found: { status: 404, title: 'There is no such payment exception' },
  hold_not_found: { status: 404, title: 'There is no such hold' },
  member_not_found: { status: 404, title: 'There is no such member' },
  price_not_found: { status: 404, title: 'There is no such price' },
  rate_deck_not_found: { status: 404, title: 'There is no such rate deck' },
  run_not_found: { status: 404, title: 'There is no run of such a month' },
  plan_not_found: { status: 404, title: 'There is no such plan' },
  privacy_request_not_found: { status: 404, title: 'There is no such privacy request' },
  announcement_not_found: { status: 404, title: 'There is no such announcement' },
  terms_not_found: { status: 404, title: 'There are no such terms' },
  idempotency_key_reused: { status: 409, title: 'This Idempotency-Key was used for another request' },
  account_parked: {
    status: 409,
    title: 'The account is parked: nothing may be taken from it until staff have looked at it',
  },
  account_closed: { status: 409, title: 'The account is closed' },
  account_erased: { status: 409, title: 'The account was erased, or its erasure was asked for' },
  session_has_hold: { status: 409, title: 'This session has a hold already' },
  hold_captured: { status: 409, title: 'The hold was captured already' },
  hold_released: { status: 409, title: 'The hold was released already' },
  hold_expired: { status: 409, title: 'The hold has expired: the session was not heard of in time' },
  privacy_request_open: { status: 409, title: 'The same was asked for already, and is not done yet' },
  export_not_ready: { status: 409, title: 'There is no export to be fetched' },
  account_not_empty: { status: 409, title: 'The account still has credit' },
  hold_has_record: { status: 409, title: 'The record of this session has come: it did take place' },
  nothing_waits: { status: 409, title: 'No event of this source waits for a missing one' },
  last_owner: { status: 409, title: 'An account keeps at least one owner' },
  member_exists: { status: 409, title: 'This person is a member already' },
  time_zone_in_use: { status: 409, title: 'The account’s time zone carries its plan’s calendar' },
  plan_owed: {
    status: 409,
    title: 'A month is owed: it has to be paid before more of the plan is taken',
  },
  too_many_changes: {
    status: 409,
    title: 'The plan was changed very often this month: change it from the next month on',
  },
  not_reversible: { status: 409, title: 'This transaction cannot be reversed' },
  already_refunded: {
    status: 409,
    title: 'A part of this transaction was refunded: refund what is left instead of reversing it',
  },
  not_refundable: { status: 409, title: 'This transaction charged nothing that could be refunded' },
  more_than_left: { status: 409, title: 'This is more than is left of what the transaction charged' },
  top_up_not_settled: { status: 409, title: 'This top-up has not become credit' },
  more_than_unspent: { status: 409, title: 'This is more than is unspent of the top-up' },
  refund_already_decided: { status: 409, title: 'This refund waits for nobody’s approval' },
  already_reversed: { status: 409, title: 'This transaction was reversed already' },
  terms_version_exists: { status: 409, title: 'This version was published already, with another text' },
  terms_version_superseded: { status: 409, title: 'A newer version was published since you read this one' },
  terms_already_accepted: { status: 409, title: 'You have accepted this version already' },
  announcement_withdrawn: { status: 409, title: 'The announcement was withdrawn' },
  announcement_sent: { status: 409, title: 'The announcement’s e-mails have begun to go out' },
  announcement_not_dismissible: { status: 409, title: 'This announcement cannot be dismissed' },
  no_sign_ups: { status: 409, title: 'This takes no sign-ups' },
  event_full: { status: 409, title: 'There is no place left' },
  event_over: { status: 409, title: 'This is over, or does not take place' },
  consent_wording_changed: {
    status: 409,
    title: 'The wording of this consent was changed since you read it',
  },
  customer_gone: { status: 409, title: 'The payment provider has deleted the account with all its cards' },
  card_is_default: { status: 409, title: 'This card is the default' },
  too_many_cards: { status: 409, title: 'The account has as many cards as it may keep' },
  exception_resolved: { status: 409, title: 'Somebody has taken this off the list already' },
  auto_top_up_disabled: { status: 409, title: 'Three automatic charges in a row failed with this card' },
  immediate_charge_unconfirmed: { status: 409, title: 'The card would be charged at once' },
  no_saved_card: { status: 409, title: 'The account has no saved card' },
  changed_meanwhile: { status: 409, title: 'This was changed by somebody else meanwhile' },
  sequence_released: { status: 410, title: 'This number was given up, as its event had not come' },
  body_too_large: { status: 413, title: 'The request is too large' },
  media_type_unsupported: { status: 415, title: 'This content type is not understood here' },
  wrong_currency: { status: 422, title: 'The account has another currency' },
  more_than_held: { status: 422, title: 'This is more than what is held' },
  not_rated: { status: 422, title: 'There is no price for this' },
  payment_provider_unavailable: {
    status: 502,
    title: 'The payment provider did not answer; nothing was credited',
  },
  internal_error: { status: 500, title: 'Something went wrong here' },
  busy: { status: 503, title: 'Too much is happening on this account at once; send the same request again' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

export type FieldError = { field: string; detail: string }

/** A refusal on its way to the caller: thrown by handlers, answered by the edge as RFC 9457 problem details. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly errors: FieldError[]
  readonly extra: Record<string, unknown>

  constructor(
    code: ProblemCode,
    detail: string,
    more: { errors?: FieldError[]; extra?: Record<string, unknown> } = {},
  ) {
    super(`${code}: ${detail}`)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.errors = more.errors ?? []
    this.extra = more.extra ?? {}
  }
}

/** A request refused for one field. */
export function invalidField(field: string, detail: string): Problem {
  return new Problem('request_invalid', `${field}: ${detail}`, { errors: [{ field, detail }] })
}

/** An amount in another currency than the account's. */
export function wrongCurrency(accountCurrency: string): Problem {
  const detail = `must be ${accountCurrency}, the account’s own`
  return new Problem('wrong_currency', `currency: ${detail}`, { errors: [{ field: 'currency', detail }] })
}

export const problemSchema = z
  .object({
    type: z.string().meta({ examples: ['urn:drawdown:problem:insufficient_credit'] }),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'stable; meant for programs' }),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' })

/** The body of a problem response. */
export function problemBody(problem: Problem): Record<string, unknown> {
  const { status, title } = PROBLEMS[problem.code]
  const errors = problem.errors.length > 0 ? { errors: problem.errors } : {}
  return {
    type: `urn:drawdown:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    ...errors,
    ...problem.extra,
  }
}
