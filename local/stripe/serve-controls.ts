import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { isEndpoint } from './endpoints.ts'
import { ANY_ENDPOINT, FAULT_KINDS } from './faults.ts'
import { type StripeParts, type StripeRequest, sendJson } from './stripe-request.ts'

const delivery = z.strictObject({
  duplicate: z.boolean().optional(),
  shuffle: z.boolean().optional(),
  delayMilliseconds: z.number().int().min(0).optional(),
  lose: z.union([z.boolean(), z.array(z.string())]).optional(),
})
const fault = z.strictObject({
  endpoint: z
    .string()
    .refine(
      (name) => name === ANY_ENDPOINT || isEndpoint(name),
      'not an endpoint, for instance "POST /v1/payment_intents", nor "*"',
    ),
  kind: z.enum(FAULT_KINDS),
  times: z.number().int().min(1).optional(),
})
const amount = z.number().int().min(1).optional()
const payment = z.strictObject({ payment_intent: z.string() })
const dispute = z.strictObject({ dispute: z.string() })

/**
 * What only a stand-in has, as JSON under `/_local`; the README lists the calls. An answer is the object that came of it; 400
 * says what is wrong with a call.
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
  const control = Object.hasOwn(CONTROLS, route) ? CONTROLS[route] : undefined
  if (!control) return sendJson(response, 404, { message: 'There is no such control.' })
  const { problem, result } = control(parts, parseJson(request.body))
  if (problem) return sendJson(response, 400, { message: problem })
  return sendJson(response, 200, result ?? {})
}

type Control = (parts: StripeParts, body: unknown) => { problem?: string; result?: object }

const CONTROLS: Record<string, Control> = {
  'POST /_local/delivery': taking(delivery, (parts, value) => parts.webhooks.setDisorder(value)),
  'POST /_local/faults': taking(fault, (parts, value) => parts.faults.add(value)),
  'POST /_local/faults/release': taking(z.unknown(), (parts) => parts.faults.release()),
  'POST /_local/events': taking(
    z.strictObject({ type: z.string(), object: z.looseObject({}) }),
    ({ controls }, value) => ({ id: controls.sendEvent(value.type, value.object) }),
  ),
  'POST /_local/cards': taking(
    z.strictObject({ payment_method: z.string(), card_number: z.string() }),
    ({ controls }, value) => controls.setSavedCard(value.payment_method, value.card_number),
  ),
  'POST /_local/cards/update': taking(
    z.strictObject({
      payment_method: z.string(),
      exp_month: z.number().int().min(1).max(12).optional(),
      exp_year: z.number().int().min(2000).max(2099).optional(),
      last4: z
        .string()
        .regex(/^\d{4}$/)
        .optional(),
    }),
    ({ controls }, { payment_method, exp_month, exp_year, last4 }) =>
      controls.updateCardByNetwork(payment_method, { expiryMonth: exp_month, expiryYear: exp_year, last4 }),
  ),
  'POST /_local/payments/succeed': taking(payment, ({ controls }, value) =>
    controls.settlePayment(value.payment_intent, 'succeeds'),
  ),
  'POST /_local/payments/fail': taking(payment, ({ controls }, value) =>
    controls.settlePayment(value.payment_intent, 'fails'),
  ),
  'POST /_local/refunds': taking(payment.extend({ amount }), ({ controls }, value) =>
    controls.refundByHand(value.payment_intent, value.amount),
  ),
  'POST /_local/refunds/succeed': taking(z.strictObject({ refund: z.string() }), ({ controls }, value) =>
    controls.succeedRefund(value.refund),
  ),
  'POST /_local/refunds/fail': taking(
    z.strictObject({ refund: z.string(), reason: z.string().optional() }),
    ({ controls }, value) => controls.failRefund(value.refund, value.reason),
  ),
  'POST /_local/disputes': taking(
    payment.extend({
      amount,
      reason: z.enum(['fraudulent', 'product_not_received']).optional(),
      inquiry: z.boolean().optional(),
    }),
    ({ controls }, { payment_intent, inquiry, ...terms }) =>
      controls.openDispute(payment_intent, { ...terms, isInquiry: inquiry }),
  ),
  'POST /_local/disputes/win': taking(dispute, ({ controls }, value) => controls.winDispute(value.dispute)),
  'POST /_local/disputes/lose': taking(dispute, ({ controls }, value) => controls.loseDispute(value.dispute)),
  'POST /_local/inquiries/escalate': taking(dispute, ({ controls }, value) =>
    controls.escalateInquiry(value.dispute),
  ),
  'POST /_local/inquiries/close': taking(dispute, ({ controls }, value) =>
    controls.closeInquiry(value.dispute),
  ),
  'POST /_local/fraud-warnings': taking(payment, ({ controls }, value) =>
    controls.warnOfFraud(value.payment_intent),
  ),
}

function taking<Schema extends z.ZodType>(
  schema: Schema,
  act: (parts: StripeParts, value: z.output<Schema>) => unknown,
): Control {
  return (parts, body) => {
    const read = schema.safeParse(body)
    if (!read.success) return { problem: z.prettifyError(read.error) }
    const result = act(parts, read.data)
    return typeof result === 'object' && result !== null ? { result } : {}
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
