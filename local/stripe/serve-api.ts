import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { requireApiKey } from './api-keys.ts'
import { type EndpointMatch, findEndpoint } from './endpoints.ts'
import { expandFields } from './expand-fields.ts'
import type { FaultKind } from './faults.ts'
import { type FormFields, parseFormParameters } from './form-parameters.ts'
import { invalidRequest, StripeProblem } from './stripe-problem.ts'
import { type StripeParts, type StripeRequest, sendJson } from './stripe-request.ts'
import { API_VERSION, type RequestIdentity } from './stripe-world.ts'

interface Reply {
  status: number
  body: string
}

/** Stripe removes idempotency keys once they are at least this old. */
const KEY_LIFE_SECONDS = 24 * 3600
const UNKNOWN_ERROR: Reply = {
  status: 500,
  body: JSON.stringify({ error: { type: 'api_error', message: 'An unknown error occurred' } }),
}

/**
 * Serves `/v1`. A POST with an `Idempotency-Key` takes effect once: its answer is stored in the same transaction as its
 * effect and replayed for 24 hours. As Stripe documents, what failed validation is not remembered, a declined payment
 * and a 500 after the endpoint ran are.
 */
export function createApiServer(parts: StripeParts) {
  const keysInUse = new Set<string>()
  return async (request: StripeRequest, response: ServerResponse): Promise<ServerResponse> => {
    const identity: RequestIdentity = { id: parts.world.newId('req'), idempotencyKey: keyOf(request) }
    const key = identity.idempotencyKey
    const headers = headersOf(identity)
    let fault: FaultKind | undefined
    try {
      requireApiKey(request.headers.authorization, parts.apiKey)
      const endpoint = findEndpoint(request.method, request.path)
      const fields = parseFormParameters(request.method === 'POST' ? request.body : request.query)
      if (key !== null && keysInUse.has(key)) throw keyInUse(key)
      const replayed = key === null ? undefined : replay(parts, key, request, fields)
      if (replayed) {
        return sendJson(response, replayed.status, replayed.body, {
          ...headers,
          'idempotent-replayed': 'true',
          'original-request': replayed.requestId,
        })
      }
      fault = parts.faults.take(endpoint.name)
      if (fault === 'error_before')
        return sendJson(response, UNKNOWN_ERROR.status, UNKNOWN_ERROR.body, headers)
      if (fault === 'rate_limited') throw rateLimited()
      if (fault === 'timeout_before') return response
      if (fault === 'disconnect_before') return response.destroy()
      if (fault === 'hold_before') await hold(parts, keysInUse, key)
      const reply = execute(parts, { endpoint, fields, request, identity }, fault === 'error_after')
      if (fault === 'timeout_after') return response
      if (fault === 'disconnect_after') return response.destroy()
      return sendJson(response, reply.status, reply.body, headers)
    } catch (error) {
      if (!(error instanceof StripeProblem)) throw error
      return sendJson(response, error.status, { error: error.body }, headers)
    }
  }
}

interface Call {
  endpoint: EndpointMatch
  fields: FormFields
  request: StripeRequest
  identity: RequestIdentity
}

/** Runs the endpoint and remembers the answer for its key, all in one transaction. */
function execute({ world }: StripeParts, call: Call, isAnswerLost: boolean): Reply {
  const { endpoint, fields, request, identity } = call
  return world.change(identity, () => {
    const reply = run()
    const answered = isAnswerLost ? UNKNOWN_ERROR : reply
    if (identity.idempotencyKey !== null) {
      world.store.putReply(identity.idempotencyKey, {
        ...answered,
        fingerprint: fingerprintOf(request, fields),
        requestId: identity.id,
        createdAtSeconds: world.nowSeconds(),
      })
    }
    return answered
  })

  function run(): Reply {
    try {
      const object = endpoint.run(world, fields, endpoint.id)
      return { status: 200, body: JSON.stringify(expandFields(world.store, object, fields)) }
    } catch (error) {
      if (!(error instanceof StripeProblem && error.tookEffect)) throw error
      return { status: error.status, body: JSON.stringify({ error: error.body }) }
    }
  }
}

function replay({ world }: StripeParts, key: string, request: StripeRequest, fields: FormFields) {
  const reply = world.store.replyOf(key)
  if (!reply) return undefined
  if (reply.createdAtSeconds + KEY_LIFE_SECONDS <= world.nowSeconds()) {
    world.store.forgetReply(key)
    return undefined
  }
  if (reply.fingerprint === fingerprintOf(request, fields)) return reply
  throw new StripeProblem(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  })
}

function keyOf(request: StripeRequest): string | null {
  const key = request.headers['idempotency-key']
  if (request.method !== 'POST' || typeof key !== 'string') return null
  if (key.length > 255) throw invalidRequest('Idempotency keys can be at most 255 characters long.')
  return key
}

async function hold(parts: StripeParts, keysInUse: Set<string>, key: string | null): Promise<void> {
  if (key !== null) keysInUse.add(key)
  await parts.faults.untilReleased()
  if (key !== null) keysInUse.delete(key)
}

function rateLimited(): StripeProblem {
  return new StripeProblem(429, {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message:
      'Request rate limit exceeded. Learn more about rate limits here: https://docs.stripe.com/rate-limits.',
  })
}

function keyInUse(key: string): StripeProblem {
  return new StripeProblem(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this idempotency key (${key}). Please try again later.`,
  })
}

function fingerprintOf(request: StripeRequest, fields: FormFields): string {
  return createHash('sha256')
    .update(JSON.stringify([request.method, request.path, sorted(fields)]))
    .digest('hex')
}

function sorted(value: FormFields | string): unknown {
  if (typeof value === 'string') return value
  return Object.keys(value)
    .sort()
    .map((name) => [name, sorted(value[name]!)])
}

function headersOf(identity: RequestIdentity): Record<string, string> {
  const headers: Record<string, string> = { 'request-id': identity.id, 'stripe-version': API_VERSION }
  if (identity.idempotencyKey !== null) headers['idempotency-key'] = identity.idempotencyKey
  return headers
}
