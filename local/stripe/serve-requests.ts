import type { IncomingMessage, ServerResponse } from 'node:http'
import { createApiServer } from './serve-api.ts'
import { serveControls } from './serve-controls.ts'
import { serveDashboard } from './serve-dashboard.ts'
import { servePage, serveStartPage } from './serve-pages.ts'
import { invalidRequest, StripeProblem } from './stripe-problem.ts'
import { type StripeParts, type StripeRequest, sendJson } from './stripe-request.ts'

const LONGEST_BODY_BYTES = 256 * 1024

/** Sends each request to the API (`/v1`), the pages (`/`, `/c`, `/dashboard`) or the controls (`/_local`), then wakes the webhooks. */
export function createStripeRequestHandler(parts: StripeParts) {
  const serveApi = createApiServer(parts)
  return (incoming: IncomingMessage, response: ServerResponse): void => {
    void (async () => {
      try {
        const request = await readRequest(incoming)
        parts.settleDue()
        if (request.path.startsWith('/v1/')) await serveApi(request, response)
        else if (request.path.startsWith('/c/')) servePage(parts.world, request, response)
        else if (request.path === '/') serveStartPage(response)
        else if (request.path === '/dashboard') serveDashboard(parts, request, response)
        else if (request.path.startsWith('/_local/')) serveControls(parts, request, response)
        else
          sendJson(response, 404, {
            error: { type: 'invalid_request_error', message: 'There is nothing here.' },
          })
      } catch (error) {
        sendFailure(response, error)
      } finally {
        parts.webhooks.wake()
      }
    })()
  }
}

async function readRequest(incoming: IncomingMessage): Promise<StripeRequest> {
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_BODY_BYTES) throw invalidRequest('The request is too large.')
  }
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.search.slice(1),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

function sendFailure(response: ServerResponse, error: unknown): ServerResponse {
  if (response.headersSent) return response.destroy()
  if (error instanceof StripeProblem) return sendJson(response, error.status, { error: error.body })
  console.error(error)
  return sendJson(response, 500, {
    error: { type: 'api_error', message: 'The local Stripe stand-in failed.' },
  })
}
