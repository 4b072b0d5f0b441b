import type { ServerResponse } from 'node:http'
import type { StripeControls } from './controls.ts'
import { dashboardPage } from './dashboard-page.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeParts, StripeRequest } from './stripe-request.ts'

type Act = (controls: StripeControls, id: string, amount: number | undefined) => void

const ACTIONS: Record<string, Act> = {
  refund: (controls, id, amount) => controls.refundByHand(id, amount),
  dispute: (controls, id, amount) => controls.openDispute(id, { amount }),
  inquire: (controls, id, amount) => controls.openDispute(id, { amount, isInquiry: true }),
  pay: (controls, id) => controls.settlePayment(id, 'succeeds'),
  fail: (controls, id) => controls.settlePayment(id, 'fails'),
  succeed_refund: (controls, id) => controls.succeedRefund(id),
  fail_refund: (controls, id) => controls.failRefund(id),
  win: (controls, id) => controls.winDispute(id),
  lose: (controls, id) => controls.loseDispute(id),
  escalate: (controls, id) => controls.escalateInquiry(id),
  close: (controls, id) => controls.closeInquiry(id),
}

/**
 * `/dashboard`: what people do at Stripe by hand. A refusal shows the page again with its message; a form that another site's
 * page sends is refused.
 */
export function serveDashboard(
  parts: StripeParts,
  request: StripeRequest,
  response: ServerResponse,
): ServerResponse {
  if (request.method !== 'POST') return send(response, 200, dashboardPage(parts.world))
  if (request.headers['sec-fetch-site'] === 'cross-site')
    return send(response, 403, dashboardPage(parts.world, 'Another site sent this.'))
  const form = new URLSearchParams(request.body)
  const action = form.get('action') ?? ''
  const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
  const amount = form.get('amount') ?? ''
  if (!act || !/^\d{0,9}$/.test(amount))
    return send(response, 400, dashboardPage(parts.world, 'Name an action, and an amount in digits.'))
  try {
    act(parts.controls, form.get('id') ?? '', amount === '' ? undefined : Number(amount))
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error
    return send(response, error.status, dashboardPage(parts.world, error.message))
  }
  return response.writeHead(303, { location: '/dashboard', 'cache-control': 'no-store' }).end()
}

function send(response: ServerResponse, status: number, html: string): ServerResponse {
  return response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(html)
}
