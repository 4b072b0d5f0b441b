export interface StripeErrorBody {
  type: 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error'
  message: string
  code?: string
  param?: string
  decline_code?: string
  charge?: string
  payment_intent?: unknown
  payment_method?: unknown
  doc_url?: string
}

/**
 * An error that Stripe would answer. `tookEffect` tells that the endpoint ran (a declined payment is recorded as such),
 * so its effects stay and its idempotency key remembers the answer.
 */
export class StripeProblem extends Error {
  readonly status: number
  readonly body: StripeErrorBody
  readonly tookEffect: boolean

  constructor(status: number, body: StripeErrorBody, tookEffect = false) {
    super(body.message)
    this.status = status
    this.body = body
    this.tookEffect = tookEffect
  }
}

/** A 400 for a request that does not make sense. */
export function invalidRequest(message: string, param?: string, code?: string): StripeProblem {
  return new StripeProblem(400, { type: 'invalid_request_error', message, param, code })
}

/** The answer for an id that names nothing: 404 when it stands in the path, 400 when it is a parameter. */
export function noSuch(kind: string, id: string, param: string, status: 400 | 404 = 404): StripeProblem {
  return new StripeProblem(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  })
}
