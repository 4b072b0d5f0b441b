import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { isEndpoint } from './endpoints.ts'
import { FAULT_KINDS } from './faults.ts'
import { type StripeParts, type StripeRequest, sendJson } from './stripe-request.ts'

const delivery = z.strictObject({ duplicate: z.boolean().optional(), shuffle: z.boolean().optional() })
const fault = z.strictObject({
  endpoint: z.string().refine(isEndpoint, 'not an endpoint, for instance "POST /v1/payment_intents"'),
  kind: z.enum(FAULT_KINDS),
  times: z.number().int().min(1).optional(),
})
const savedCard = z.strictObject({ payment_method: z.string(), card_number: z.string() })

/**
 * What only a stand-in has, as JSON: `POST /_local/delivery` (duplicate, shuffle), `POST /_local/faults` (endpoint, kind,
 * times), `POST /_local/faults/release`, `POST /_local/cards` (payment_method, card_number), `GET /_local/status`.
 */
export function serveControls(
  parts: StripeParts,
  request: StripeRequest,
  response: ServerResponse,
): ServerResponse {
  const route = `${request.method} ${request.path}`
  if (route === 'GET /_local/status') {
    return sendJson(response, 200, {
      idle: parts.webhooks.isIdle(),
      waitingEvents: parts.world.store.waitingDeliveries().map(({ eventId }) => eventId),
    })
  }
  if (route === 'POST /_local/faults/release') {
    parts.faults.release()
    return sendJson(response, 200, {})
  }
  const control = CONTROLS[route]
  if (!control) return sendJson(response, 404, { message: 'There is no such control.' })
  const problem = control(parts, parseJson(request.body))
  if (problem) return sendJson(response, 400, { message: problem })
  return sendJson(response, 200, {})
}

type Control = (parts: StripeParts, body: unknown) => string | undefined

const CONTROLS: Record<string, Control> = {
  'POST /_local/delivery': taking(delivery, (parts, value) => parts.webhooks.setDisorder(value)),
  'POST /_local/faults': taking(fault, (parts, value) => parts.faults.add(value)),
  'POST /_local/cards': taking(savedCard, (parts, value) =>
    parts.world.setSavedCard(value.payment_method, value.card_number),
  ),
}

function taking<Schema extends z.ZodType>(
  schema: Schema,
  act: (parts: StripeParts, value: z.output<Schema>) => void,
): Control {
  return (parts, body) => {
    const result = schema.safeParse(body)
    if (!result.success) return z.prettifyError(result.error)
    act(parts, result.data)
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
