import type { ServerResponse } from 'node:http'

export type Answer = { status: number; headers?: Record<string, string | string[]>; body?: string | Buffer }

/** An answer of the gateway itself, in its usual form. */
export const gatewayMessage = (
  status: number,
  message: string,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ message }),
})

type Structured = {
  statusCode: number | string
  headers?: Record<string, string | number | boolean>
  cookies?: string[]
  body?: string
  isBase64Encoded?: boolean
}

/**
 * What a function returned in payload format 2.0, as the HTTP API answers it: an object with `statusCode` is the answer's
 * description, anything else is the JSON body of a 200. Undefined when it cannot be answered, which is a 500.
 */
export function answerOf(payloadJson: string): Answer | undefined {
  const payload: unknown = JSON.parse(payloadJson)
  if (!isStructured(payload)) {
    const body = typeof payload === 'string' ? payload : payloadJson
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }
  const status = Number(payload.statusCode)
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined
  if (payload.body !== undefined && payload.body !== null && typeof payload.body !== 'string')
    return undefined
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(payload.headers ?? {}))
    headers[name.toLowerCase()] = String(value)
  if (payload.cookies !== undefined) headers['set-cookie'] = payload.cookies.map(String)
  const body =
    payload.isBase64Encoded === true ? Buffer.from(payload.body ?? '', 'base64') : (payload.body ?? '')
  if (body.length > 0) headers['content-type'] ??= 'text/plain;charset=UTF-8'
  return { status, headers, body }
}

function isStructured(payload: unknown): payload is Structured {
  return typeof payload === 'object' && payload !== null && 'statusCode' in payload
}

/** Headers that the connection decides about, whatever a function says. */
const connectionHeaders = [
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
]

/** Writes an answer; a header that HTTP does not allow makes it a 500. */
export function writeAnswer(response: ServerResponse, answer: Answer, method: string): void {
  if (response.destroyed) return
  const headers = Object.fromEntries(
    Object.entries(answer.headers ?? {}).filter(([name]) => !connectionHeaders.includes(name)),
  )
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body ?? '')
  const hasNoBody = answer.status === 204 || answer.status === 304
  try {
    response.writeHead(answer.status, {
      date: new Date().toUTCString(),
      ...headers,
      ...(hasNoBody ? {} : { 'content-length': String(body.length) }),
    })
  } catch {
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ message: 'Internal Server Error' }))
    return
  }
  response.end(method === 'HEAD' || hasNoBody ? undefined : body)
}
