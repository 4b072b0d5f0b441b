import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import Stripe from 'stripe'

/** One request that leaves the process: to which service, and what it asks. */
export type BoundaryCall = {
  service: string
  /** `TransactWriteItems`, `SendMessageBatch`, `POST /v1/checkout/sessions` … */
  operation: string
  headers: Record<string, string>
  body: string
}

/** `isFault`: it goes on failing, though nothing goes wrong on its way. */
export type BoundaryReply = { status: number; body: string; isFault?: true }

/** Carries a call to its service. Rejects as a broken connection does. */
export type Carry = (call: BoundaryCall) => Promise<BoundaryReply>

/** Where the SDKs believe their services to be: the first label of the name says which one it is. */
export const serviceAddress = (service: string) => `http://${service}.simulation.example.com`

type HttpRequest = {
  hostname: string
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array
}

type Handle = (this: unknown, request: HttpRequest, options: unknown) => Promise<unknown>

type Client = { config: { serviceId: string }; middlewareStack: { remove(name: string): boolean } }
type Send = (this: Client, ...values: unknown[]) => unknown

/** A quarter of the work on a call, for headers that nobody reads here and signatures that nobody checks. */
const UNREAD = [
  'loggerMiddleware',
  'getUserAgentMiddleware',
  'hostHeaderMiddleware',
  'recursionDetectionMiddleware',
  'httpAuthSchemeMiddleware',
  'httpSigningMiddleware',
]

const decoder = new TextDecoder()

let isInterposed = false

/**
 * Takes every call that an AWS or Stripe SDK makes within an invocation: nothing of theirs reaches a network any more. `find` gives the
 * way of the invocation that the calling code belongs to; what belongs to none goes its usual way.
 */
export function interpose(find: () => Carry | undefined): void {
  if (isInterposed) return
  isInterposed = true
  leaveOutUnread(() => find() !== undefined)
  const aws = new DynamoDBClient({ region: 'us-east-1' }).config.requestHandler
  const awsPrototype = Object.getPrototypeOf(aws) as { handle: Handle }
  const send = awsPrototype.handle
  awsPrototype.handle = async function (request, options) {
    const carry = find()
    if (!carry) return send.call(this, request, options)
    const { status, body } = await carry({
      service: request.hostname.split('.')[0]!,
      operation: request.headers['x-amz-target']?.split('.').at(-1) ?? `${request.method} ${request.path}`,
      headers: request.headers,
      body: typeof request.body === 'string' ? request.body : decoder.decode(request.body),
    })
    const headers = { 'content-type': 'application/x-amz-json-1.0' }
    return { response: { statusCode: status, headers, body: Buffer.from(body) } }
  }

  const stripePrototype = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as { makeRequest: unknown }
  stripePrototype.makeRequest = async (
    ...[, , path, method, headers, body]: [string, string, string, string, Record<string, string>, string]
  ) => {
    const reply = await find()!({ service: 'stripe', operation: `${method} ${path}`, headers, body })
    return {
      getStatusCode: () => reply.status,
      getHeaders: () => ({ 'content-type': 'application/json' }),
      getRawResponse: () => ({ statusCode: reply.status }),
      toStream: () => undefined,
      toJSON: async () => JSON.parse(reply.body) as unknown,
    }
  }
}

/** From its first call within an invocation, a client of the database does without what is read by nobody. */
function leaveOutUnread(isWithin: () => boolean): void {
  const clientPrototype = Object.getPrototypeOf(DynamoDBClient.prototype) as { send: Send }
  const send = clientPrototype.send
  const seen = new WeakSet<Client['middlewareStack']>()
  clientPrototype.send = function (...values) {
    const { config, middlewareStack } = this
    if (config.serviceId === 'DynamoDB' && isWithin() && !seen.has(middlewareStack)) {
      seen.add(middlewareStack)
      for (const name of UNREAD) middlewareStack.remove(name)
    }
    return send.apply(this, values)
  }
}

/** A refusal in the words of AWS's JSON protocols. */
export function awsError(type: string, message: string, more: Record<string, unknown> = {}): BoundaryReply {
  return {
    status: 400,
    body: JSON.stringify({ __type: `com.amazonaws#${type}`, message, Message: message, ...more }),
  }
}
