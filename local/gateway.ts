// Stands in for an API Gateway HTTP API with Lambda proxy integrations (payload format 2.0) and a JWT authorizer.
// Leaves out: throttling, stages and mappings, access logs, custom domains, mutual TLS, other integrations and authorizers.
import { createServer, type IncomingMessage } from 'node:http'
import { corsHeaders, isPreflight } from './gateway/cors.ts'
import { type Answer, answerOf, gatewayMessage, writeAnswer } from './gateway/http-answer.ts'
import { httpEvent, requestTarget } from './gateway/http-event.ts'
import { prepareRoutes } from './gateway/match-route.ts'
import type { JwtAuthorizer } from './jwt-authorizer.ts'
import type { Lambda } from './lambda.ts'
import { closeServer, listenOnLoopback } from './listen-on-loopback.ts'
import { readBody } from './loopback-server.ts'
import type { LocalCors, LocalRoute } from './template.ts'

/** A request as the local pages see it. */
export type LocalRequest = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}

export type GatewayOptions = {
  port: number
  routes: readonly LocalRoute[]
  cors?: LocalCors
  lambda: Lambda
  authorizer: JwtAuthorizer
  /** Answers what is only here (`/`, `/local/…`); undefined leaves the request to the routes. */
  answerLocally(request: LocalRequest): Promise<Answer | undefined>
}

export type Gateway = { url: string; port: number; close(): Promise<void> }

// API Gateway's limits: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, and Lambda's payload.
const longestBodyBytes = 10 * 1024 * 1024
const longestEventBytes = 6 * 1024 * 1024
const longestIntegrationMillis = 30_000

/** Serves the routes on 127.0.0.1. Requests that name any other host than this machine are refused (DNS rebinding). */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const answer = answererOf(options)
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) => {
        console.error(error)
        return gatewayMessage(500, 'Internal Server Error')
      })
      .then((reply) => writeAnswer(response, reply, request.method ?? 'GET'))
  })
  const port = await listenOnLoopback(server, options.port)
  return { url: `http://127.0.0.1:${port}`, port, close: () => closeServer(server) }
}

function answererOf(options: GatewayOptions): (request: IncomingMessage) => Promise<Answer> {
  const { cors } = options
  const matchRoute = prepareRoutes(options.routes)

  const answerRoute = async (request: IncomingMessage): Promise<Answer> => {
    const method = request.method ?? 'GET'
    const target = requestTarget(request.url ?? '/')
    if (target === undefined) return gatewayMessage(400, 'Bad Request')
    const body = await readBody(request, longestBodyBytes)
    if (body === undefined) return gatewayMessage(413, 'Request Entity Too Large')
    const query = new URLSearchParams(target.rawQueryString)
    const local = await options.answerLocally({
      method,
      path: target.path,
      query,
      headers: request.headers,
      body,
    })
    if (local !== undefined) return local
    const matched = matchRoute(method, target.path)
    if (matched === undefined)
      return isPreflight(request) && cors ? { status: 204 } : gatewayMessage(404, 'Not Found')
    const { authorizer } = matched.route
    if (authorizer === undefined) return integrate(request, { target, body, matched })
    const decision = await options.authorizer.authorize(request.headers.authorization, authorizer.scopes)
    if (!decision.ok) {
      return gatewayMessage(decision.status, decision.message, {
        'www-authenticate': decision.wwwAuthenticate,
      })
    }
    return integrate(request, {
      target,
      body,
      matched,
      authorizer: { claims: decision.claims, scopes: decision.scopes },
    })
  }

  const integrate = async (
    request: IncomingMessage,
    parts: Omit<Parameters<typeof httpEvent>[0], 'request'>,
  ): Promise<Answer> => {
    const event = httpEvent({ request, ...parts })
    if (Buffer.byteLength(JSON.stringify(event)) > longestEventBytes)
      return gatewayMessage(413, 'Request Entity Too Large')
    const outcome = await within(
      longestIntegrationMillis,
      options.lambda.invoke(parts.matched.route.functionName, event),
    )
    if (outcome === undefined) return gatewayMessage(503, 'Service Unavailable')
    const answer =
      outcome.ok && outcome.payloadJson.length <= longestEventBytes
        ? answerOf(outcome.payloadJson)
        : undefined
    if (answer === undefined) return gatewayMessage(500, 'Internal Server Error')
    return { ...answer, headers: { ...answer.headers, 'apigw-requestid': event.requestContext.requestId } }
  }

  return async (request) => {
    if (!isThisMachine(request.headers.host)) return gatewayMessage(403, 'Forbidden')
    const answer = await answerRoute(request)
    return { ...answer, headers: { ...answer.headers, ...corsHeaders(cors, request) } }
  }
}

/** Whether a Host header or an origin's host names this machine. */
export function isThisMachine(host: string | undefined): boolean {
  return host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host)
}

async function within<Result>(millis: number, work: Promise<Result>): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, millis, undefined)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
