import Stripe from 'stripe'
import { log } from '../edge/log.ts'
import type {
  CheckoutRequest,
  FoundOwner,
  LookedUpPayment,
  LookUp,
  OpenedCheckout,
  PaymentNews,
  PaymentRequest,
  ProviderRefusal,
  SavedCardPayment,
  SavedCardRequest,
} from './payment-provider.ts'
import {
  failureCodeOf,
  isDeadEnd,
  newsOfIntent,
  newsOfSession,
  outcomeOfIntent,
  ownerOf,
  PURPOSE,
} from './stripe-news.client.ts'
import { explainCustomer, idOf, isMissing, unavailable } from './stripe-sdk.client.ts'
import { toProviderAmount } from './top-up-amount.ts'

/** A payment that was begun is among the newest of its customer: Stripe lists at most so many at once. */
const MOST_PAYMENTS = 100
/** Stripe's clock may be behind ours by so much. */
const CLOCKS_APART_SECONDS = 300
const CARD_GONE = { ok: false, reason: 'declined', code: 'saved_card_gone' } as const

/**
 * Payments at Stripe. Each call carries the top-up's id as its idempotency key, so that a call that is made again, after a
 * lost reply or by a second worker, pays once.
 */
export function createStripePayments(stripe: Stripe) {
  async function openCheckout(request: CheckoutRequest): Promise<OpenedCheckout> {
    const { customerId, saveCard } = request
    const metadata = metadataOf(request)
    try {
      const session = await stripe.checkout.sessions.create(
        {
          mode: 'payment',
          // Else the payer may pay in a currency of their own, if the dashboard says so:
          // https://docs.stripe.com/payments/currencies/localize-prices/adaptive-pricing
          adaptive_pricing: { enabled: false },
          client_reference_id: request.topUpId,
          metadata,
          line_items: [{ quantity: 1, price_data: priceOf(request) }],
          payment_intent_data: { metadata, ...(saveCard && { setup_future_usage: 'off_session' as const }) },
          ...(customerId && { customer: customerId }),
          success_url: request.paidUrl,
          cancel_url: request.cancelledUrl,
        },
        { idempotencyKey: `${request.topUpId}:checkout` },
      )
      if (!session.url) throw new Error(`checkout session ${session.id} has no address`)
      return { ok: true, sessionId: session.id, paymentUrl: session.url }
    } catch (error) {
      const refusal = refusalOf(error) ?? (await explainCustomer(stripe, error, customerId))
      return refusal ?? unavailable(error)
    }
  }

  async function chargeSavedCard(request: SavedCardRequest): Promise<SavedCardPayment> {
    const { currency, amountMicros, customerId, paymentMethodId } = request
    try {
      const intent = await stripe.paymentIntents.create(
        {
          amount: toProviderAmount(amountMicros, currency),
          currency: currency.toLowerCase(),
          customer: customerId,
          payment_method: paymentMethodId,
          automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
          confirm: true,
          // Without a page of the bank to go to, a card that needs one fails at once instead of waiting for it.
          off_session: true,
          metadata: metadataOf(request),
        },
        { idempotencyKey: request.topUpId },
      )
      return answerOf(intent)
    } catch (error) {
      const refusal = explainCard(error) ?? refusalOf(error)
      const gone = async () =>
        (await explainCustomer(stripe, error, customerId)) ?? (await explainGone(error, request))
      return refusal ?? (await gone()) ?? unavailable(error)
    }
  }

  /** Stripe may refuse a card that it has forgotten and name no code: what it has of the card says whether that is why. */
  async function explainGone(
    error: unknown,
    { paymentMethodId, customerId }: SavedCardRequest,
  ): Promise<SavedCardPayment | undefined> {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return undefined
    try {
      const card = await stripe.paymentMethods.retrieve(paymentMethodId)
      return idOf(card.customer) === customerId ? undefined : CARD_GONE
    } catch (readError) {
      return isMissing(readError) ? CARD_GONE : unavailable(readError)
    }
  }

  async function lookUpPayment(topUp: PaymentRequest & LookUp): Promise<LookedUpPayment> {
    const { sessionId, paymentId, method } = topUp
    try {
      if (sessionId) return lookedUp(await lookUpSession(sessionId), topUp)
      const intent = paymentId ? await stripe.paymentIntents.retrieve(paymentId) : await findIntent(topUp)
      if (!intent) return { ok: true, status: 'not_found' }
      const outcome = method === 'saved_card' && isDeadEnd(intent) ? 'failed' : outcomeOfIntent(intent)
      return lookedUp(newsOfIntent(intent, outcome), { ...topUp, paymentId: intent.id })
    } catch (error) {
      return isMissing(error) ? { ok: true, status: 'not_found' } : unavailable(error)
    }
  }

  /** A page that is complete and not paid waits for a bank, and so says nothing itself of a payment that has failed there. */
  async function lookUpSession(sessionId: string): Promise<PaymentNews | undefined> {
    const session = await stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent'] })
    const news = newsOfSession(session)
    const { status, payment_intent: intent } = session
    if (news || status !== 'complete' || typeof intent !== 'object' || !intent) return news
    const ofIntent = newsOfIntent(intent)
    if (ofIntent?.outcome !== 'failed') return undefined
    const failed = newsOfSession(session, 'failed')
    return failed && { ...failed, failureCode: ofIntent.failureCode }
  }

  /** The payment of a top-up whose begin was cut off: nobody has noted its id. */
  async function findIntent({ customerId, topUpId, createdAt }: PaymentRequest & LookUp) {
    if (!customerId) return undefined
    const gte = Math.floor(Date.parse(createdAt) / 1000) - CLOCKS_APART_SECONDS
    const list = stripe.paymentIntents.list({ customer: customerId, created: { gte }, limit: MOST_PAYMENTS })
    for await (const intent of list) if (ownerOf(intent.metadata)?.topUpId === topUpId) return intent
    return undefined
  }

  async function findOwner(paymentId: string): Promise<FoundOwner> {
    try {
      return { ok: true, owner: ownerOf((await stripe.paymentIntents.retrieve(paymentId)).metadata) }
    } catch (error) {
      return isMissing(error) ? { ok: true } : unavailable(error)
    }
  }

  return { openCheckout, chargeSavedCard, lookUpPayment, findOwner }
}

function lookedUp(news: PaymentNews | undefined, { sessionId, paymentId }: LookUp): LookedUpPayment {
  return news ? { ok: true, news } : { ok: true, status: 'open', sessionId, paymentId }
}

/** Nothing was refused, which does not mean that anything will be paid: nobody is there to do what is asked for. */
function answerOf(intent: Stripe.PaymentIntent): SavedCardPayment {
  if (!isDeadEnd(intent)) return { ok: true, paymentId: intent.id }
  const code = failureCodeOf(intent)
  const reason = code === 'authentication_required' ? code : 'declined'
  return { ok: false, reason, paymentId: intent.id, code }
}

function metadataOf({ accountId, topUpId }: PaymentRequest) {
  return { accountId, topUpId, purpose: PURPOSE }
}

function priceOf({ amountMicros, currency }: PaymentRequest) {
  return {
    currency: currency.toLowerCase(),
    unit_amount: toProviderAmount(amountMicros, currency),
    product_data: { name: 'Account top-up' },
  }
}

/** A refusal that the caller can do something about. */
function refusalOf(error: unknown): ProviderRefusal | undefined {
  if (!(error instanceof Stripe.errors.StripeError)) return undefined
  const { code = '', param = '', type, statusCode } = error
  const refuse = (field: 'amount' | 'currency', why: string): ProviderRefusal => {
    log.warn('the payment provider refuses a payment', { type, code, param, statusCode })
    return { ok: false, reason: 'refused', field, code: why }
  }
  if (/^amount_too_(small|large)$/.test(code)) return refuse('amount', code)
  if (error instanceof Stripe.errors.StripeInvalidRequestError && /currency\]?$/.test(param))
    return refuse('currency', code || 'currency_not_supported')
  return undefined
}

function explainCard(error: unknown): SavedCardPayment | undefined {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.param === 'payment_method') {
    return CARD_GONE
  }
  if (!(error instanceof Stripe.errors.StripeCardError)) return undefined
  const paymentId = error.payment_intent?.id
  if (error.code === 'authentication_required') {
    return { ok: false, reason: 'authentication_required', paymentId, code: error.code }
  }
  return { ok: false, reason: 'declined', paymentId, code: error.decline_code ?? error.code ?? 'declined' }
}
