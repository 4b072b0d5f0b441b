import middy from '@middy/core'
import httpRouter, { type Method, type Route as MiddyRoute } from '@middy/http-router'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type { z } from 'zod'
import { isWorthRetrying } from './dynamodb.ts'
import { log } from './log.ts'
import { PROBLEMS, Problem, problemBody } from './problem.ts'
import { readRequest } from './read-request.ts'
import type { HttpRequest, Reply, Route } from './route.ts'

/** A route and what answers it. */
export type Binding = { route: Route; answer: (event: APIGatewayProxyEventV2) => Promise<Reply> }

/** Binds a route to its code: the request has been parsed, the caller's kind checked, and a bad one refused before. */
export function bind<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Params, Query, Body>,
  run: (request: HttpRequest<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Reply>,
): Binding {
  return { route: route as unknown as Route, answer: async (event) => run(readRequest(route, event)) }
}

/**
 * The Lambda behind one or several routes. Whatever happens inside comes out as a reply: a `Problem` as its problem
 * document, what passes as a 503 with Retry-After, anything else as a 500; these two say nothing of the inside and are
 * logged whole.
 */
export function httpHandler(...bindings: Binding[]) {
  const routes = bindings.map(
    ({ route, answer }): MiddyRoute<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> => {
      const [method, path] = route.route.split(' ') as [Method, string]
      return { method, path, handler: async (event: APIGatewayProxyEventV2) => respond(await answer(event)) }
    },
  )
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use({ onError: (request) => answerError(request) })
    .handler(
      httpRouter<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>({
        routes,
        notFoundResponse: () => {
          throw new Problem('not_found', 'No route has this method and path. GET /docs lists them.')
        },
      }),
    )
}

function answerError(
  request: middy.Request<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>,
): void {
  const { error, event } = request
  const problem = problemOf(error)
  if (problem !== error) log.error('request failed', { route: event.routeKey, error: error as Error })
  const retryAfter: Record<string, string> = problem.code === 'busy' ? { 'retry-after': '1' } : {}
  request.response = respond({
    status: PROBLEMS[problem.code].status,
    body: problemBody(problem),
    headers: { 'content-type': 'application/problem+json', ...retryAfter },
  })
}

/** A throttle or a reply that never came passes; whether anything was done is not known, and a repeat finds it out. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isWorthRetrying(error))
    return new Problem('busy', 'A service behind this one did not answer. Send the same request again.')
  return new Problem('internal_error', 'The fault is logged. The same request may be sent again.')
}

/** Everything that the API says is one caller's own, so nothing on the way may keep it unless a reply says so. */
function respond(reply: Reply): APIGatewayProxyStructuredResultV2 {
  const isText = typeof reply.body === 'string'
  const isBinary = reply.body instanceof Uint8Array
  const headers = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(reply.body === undefined
      ? {}
      : { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' }),
    ...reply.headers,
  }
  // An HTTP API passes bytes on only as base64: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
  if (isBinary) {
    const body = Buffer.from(reply.body as Uint8Array).toString('base64')
    return { statusCode: reply.status, headers, body, isBase64Encoded: true }
  }
  const body = isText ? (reply.body as string) : reply.body && JSON.stringify(reply.body)
  return { statusCode: reply.status, headers, body }
}
