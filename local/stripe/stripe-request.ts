import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StripeControls } from './controls.ts'
import type { Faults } from './faults.ts'
import type { StripeWorld } from './stripe-world.ts'
import type { WebhookDelivery } from './webhook-delivery.ts'

export interface StripeParts {
  world: StripeWorld
  webhooks: WebhookDelivery
  faults: Faults
  controls: StripeControls
  apiKey: string
  settleDue(): number
}

export interface StripeRequest {
  method: string
  path: string
  query: string
  headers: IncomingMessage['headers']
  body: string
}

/** Answers JSON, with the headers of the caller. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object | string,
  headers: Record<string, string> = {},
): ServerResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}
