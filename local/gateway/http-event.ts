import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda'
import type { MatchedRoute } from './match-route.ts'

export type HttpEvent = Omit<APIGatewayProxyEventV2WithJWTAuthorizer, 'requestContext'> & {
  requestContext: Omit<APIGatewayProxyEventV2WithJWTAuthorizer['requestContext'], 'authorizer'> & {
    authorizer?: { jwt: { claims: Record<string, string>; scopes: string[] | null } }
  }
}

/** `path` is what routes are matched by, `rawPath` what the function is told. */
export type RequestTarget = { path: string; rawPath: string; rawQueryString: string }

/**
 * The path and the query string as it came; undefined when an HTTP API would refuse the path. It decodes paths twice, and cuts
 * them off at a `?` that the first time lays open: a segment that holds a `/`, `?` or `%` does not arrive as it was sent.
 */
export function requestTarget(url: string): RequestTarget | undefined {
  const question = url.indexOf('?')
  const encodedPath = question < 0 ? url : url.slice(0, question)
  try {
    const [path = ''] = decodeURIComponent(encodedPath).split('?')
    const rawQueryString = question < 0 ? '' : url.slice(question + 1)
    return { path, rawPath: decodeURIComponent(path), rawQueryString }
  } catch {
    return undefined
  }
}

/** The event in payload format 2.0, as an HTTP API makes it from a request. */
export function httpEvent(options: {
  request: IncomingMessage
  target: RequestTarget
  body: Buffer
  matched: MatchedRoute
  authorizer?: { claims: Record<string, string>; scopes: string[] | null }
}): HttpEvent {
  const { request, target, body, matched, authorizer } = options
  const { cookie, ...headers } = joinedHeaders(request)
  const now = new Date()
  const method = request.method ?? 'GET'
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1'
  const domainName = headers.host ?? 'localhost'
  const isText = isTextBody(headers['content-type'], headers['content-encoding'])
  const query = queryStringParameters(target.rawQueryString)
  return {
    version: '2.0',
    routeKey: matched.route.routeKey,
    rawPath: target.rawPath,
    rawQueryString: target.rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers: {
      ...headers,
      'x-forwarded-for': sourceIp,
      'x-forwarded-port': String(request.socket.localPort),
      'x-forwarded-proto': 'http',
    },
    ...(query === undefined ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      ...(authorizer === undefined ? {} : { authorizer: { jwt: authorizer } }),
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: {
        method,
        path: target.rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: matched.route.routeKey,
      stage: '$default',
      time: accessLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(matched.pathParameters).length === 0 ? {} : { pathParameters: matched.pathParameters }),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  } as HttpEvent
}

function joinedHeaders(request: IncomingMessage): Record<string, string> {
  const joined: Record<string, string> = {}
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values !== undefined) joined[name] = values.join(name === 'cookie' ? '; ' : ',')
  }
  return joined
}

// API Gateway passes only these on as text; everything else, `application/cloudevents+json` too, arrives in base64.
function isTextBody(contentType: string | undefined, contentEncoding: string | undefined): boolean {
  if (contentEncoding !== undefined && contentEncoding !== 'identity') return false
  if (contentType === undefined) return true
  return /^\s*(text\/|application\/(json|xml|javascript)\s*(;|$))/i.test(contentType)
}

function queryStringParameters(rawQueryString: string): Record<string, string> | undefined {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = parameters.get(name)
    parameters.set(name, before === undefined ? value : `${before},${value}`)
  }
  return parameters.size === 0 ? undefined : Object.fromEntries(parameters)
}

/** As in `12/Mar/2026:19:03:58 +0000`. */
function accessLogTime(instant: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(instant.toUTCString()) ?? []
  return `${day}/${month}/${year}:${time} +0000`
}
