import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'

/** A Lambda's handler. What comes out of it is checked where it is used. */
export type Handler = (event: never, context: never) => Promise<unknown>

export type Request = {
  /** As a route says it: `POST /v1/usage`. */
  route: string
  params?: Record<string, string>
  query?: Record<string, string>
  contentType?: string
  idempotencyKey?: string
  /** A text as it is; anything else as JSON. */
  body: unknown
}

export type HttpReply = { status: number; text: string }

const claims = { sub: 'bench', client_id: 'bench', scope: 'drawdown/staff' }

/** Makes the event that API Gateway hands to a function, its token checked: once, so that it costs nothing while time is taken. */
export function httpEvent({ route, params = {}, query = {}, contentType, idempotencyKey, body }: Request) {
  const [method = '', template = ''] = route.split(' ')
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
  return {
    version: '2.0',
    routeKey: route,
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: {
      'content-type': contentType ?? 'application/json',
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    },
    pathParameters: params,
    queryStringParameters: query,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: {
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'bench' },
      routeKey: route,
      authorizer: { jwt: { claims, scopes: null } },
    },
  }
}

/** Sends one request to a handler; throws when it is refused. */
export async function send(handler: Handler, request: Request): Promise<HttpReply> {
  return invokeHttp(handler, httpEvent(request))
}

export async function invokeHttp(handler: Handler, event: object): Promise<HttpReply> {
  const reply = (await handler(event as never, {} as never)) as { statusCode: number; body?: string }
  const text = reply.body ?? ''
  if (reply.statusCode >= 300) throw new Error(`refused with ${reply.statusCode}: ${text}`)
  return { status: reply.statusCode, text }
}

/** What Lambda hands over when it has received these messages from a queue. */
export function queueEvent(messages: readonly { body: string; group?: string }[]): SQSEvent {
  return {
    Records: messages.map(({ body, group }, index) => ({
      messageId: `message-${index}`,
      receiptHandle: '',
      body,
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: '0',
        SenderId: '',
        ApproximateFirstReceiveTimestamp: '0',
        ...(group !== undefined && { MessageGroupId: group }),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: '',
      awsRegion: '',
    })),
  }
}

/** Hands a batch to the function behind a queue or a stream; throws when part of it would come again. */
export async function invokeBatch(handler: Handler, event: object): Promise<void> {
  const { batchItemFailures } = (await handler(event as never, {} as never)) as SQSBatchResponse
  if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} of a batch failed`)
}
