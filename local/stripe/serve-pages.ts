import type { ServerResponse } from 'node:http'
import type Stripe from 'stripe'
import { completeAuthentication, failAuthentication } from './charge-card.ts'
import { findDetails, findSession } from './checkout-sessions.ts'
import { answerAuthentication, type EnteredCard, enterCard } from './enter-card.ts'
import { findPaymentIntent } from './payment-intents.ts'
import { authenticationPage, cardPage, messagePage, startPage } from './payment-pages.ts'
import type { SessionOutcome } from './session-outcome.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

export interface PageRequest {
  method: string
  path: string
  body: string
}

/**
 * The pages for customers: `/c/pay/:session` to pay or to save a card, its `/authenticate`, and `/c/authenticate/:intent` for an intent that asks
 * for the bank's confirmation. A refused payment shows the page again with status 402.
 */
export function servePage(
  world: StripeWorld,
  request: PageRequest,
  response: ServerResponse,
): ServerResponse {
  try {
    const [, , area = '', id = '', step] = request.path.split('/')
    if (area === 'pay' && step === undefined) return servePayment(world, request, id, response)
    if (area === 'pay' && step === 'authenticate')
      return serveSessionAuthentication(world, request, id, response)
    if (area === 'authenticate' && step === undefined)
      return serveIntentAuthentication(world, request, id, response)
    return sendPage(response, 404, messagePage('Not found', 'There is no such page.'))
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error
    return sendPage(response, error.status, messagePage('Something went wrong', error.message))
  }
}

/** What somebody sees who follows the link to the stand-in itself. */
export function serveStartPage(response: ServerResponse): ServerResponse {
  return sendPage(response, 200, startPage())
}

function servePayment(
  world: StripeWorld,
  request: PageRequest,
  id: string,
  response: ServerResponse,
): ServerResponse {
  if (request.method !== 'POST') {
    const session = findSession(world, id)
    if (session.status !== 'open') return sendNotOpen(response, session)
    return sendPage(response, 200, cardPage(session, findDetails(world, id)))
  }
  const form = new URLSearchParams(request.body)
  const outcome = world.change(null, () => enterCard(world, id, cardIn(form)))
  return sendOutcome(world, outcome, response)
}

function cardIn(form: URLSearchParams): EnteredCard {
  const expiry = /^(0?[1-9]|1[0-2]) *\/ *(?:20)?(\d\d)$/.exec(form.get('expiry') ?? '')
  return {
    cardNumber: form.get('card_number') ?? '',
    email: form.get('email') || null,
    ...(expiry && { expiry: { month: Number(expiry[1]), year: 2000 + Number(expiry[2]) } }),
  }
}

function serveSessionAuthentication(
  world: StripeWorld,
  request: PageRequest,
  id: string,
  response: ServerResponse,
): ServerResponse {
  if (request.method !== 'POST') {
    const session = findSession(world, id)
    if (session.status !== 'open') return sendNotOpen(response, session)
    return sendPage(response, 200, authenticationPage(session.amount_total, session.currency))
  }
  const isConfirmed = new URLSearchParams(request.body).get('action') === 'complete'
  return sendOutcome(
    world,
    world.change(null, () => answerAuthentication(world, id, isConfirmed)),
    response,
  )
}

function serveIntentAuthentication(
  world: StripeWorld,
  request: PageRequest,
  id: string,
  response: ServerResponse,
): ServerResponse {
  const intent = findPaymentIntent(world, id)
  if (intent.status !== 'requires_action') {
    return sendPage(
      response,
      409,
      messagePage('Nothing to confirm', 'This payment does not wait for your bank.'),
    )
  }
  if (request.method !== 'POST')
    return sendPage(response, 200, authenticationPage(intent.amount, intent.currency))
  const isConfirmed = new URLSearchParams(request.body).get('action') === 'complete'
  world.change(null, () =>
    isConfirmed ? completeAuthentication(world, intent) : failAuthentication(world, intent),
  )
  const returnUrl = intent.next_action?.redirect_to_url?.return_url
  if (!returnUrl) return sendPage(response, 200, messagePage('Thank you', 'You can close this page.'))
  const back = new URL(returnUrl)
  back.searchParams.set('payment_intent', intent.id)
  back.searchParams.set('payment_intent_client_secret', intent.client_secret ?? '')
  back.searchParams.set('redirect_status', isConfirmed ? 'succeeded' : 'failed')
  return redirect(response, back.href)
}

function sendOutcome(world: StripeWorld, outcome: SessionOutcome, response: ServerResponse): ServerResponse {
  const { session } = outcome
  switch (outcome.kind) {
    case 'done':
      return redirect(response, (session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id))
    case 'needs_authentication':
      return redirect(response, `/c/pay/${session.id}/authenticate`)
    case 'refused':
      return sendPage(response, 402, cardPage(session, findDetails(world, session.id), outcome.message))
    case 'not_open':
      return sendNotOpen(response, session)
  }
}

function sendNotOpen(response: ServerResponse, session: Stripe.Checkout.Session): ServerResponse {
  const done = session.mode === 'setup' ? 'Your card is saved.' : 'You have already paid.'
  const message = session.status === 'complete' ? done : 'This page is no longer open.'
  return sendPage(response, 410, messagePage('Nothing to do', message))
}

function redirect(response: ServerResponse, location: string): ServerResponse {
  return response.writeHead(303, { location, 'cache-control': 'no-store' }).end()
}

function sendPage(response: ServerResponse, status: number, html: string): ServerResponse {
  return response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(html)
}
