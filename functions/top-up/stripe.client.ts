import Stripe from 'stripe'
import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { log } from '../edge/log.ts'
import { invalidField } from '../edge/problem.ts'
import type {
  CheckoutRequest,
  OpenedCheckout,
  PaymentNews,
  PaymentProvider,
  PaymentRequest,
  ProviderRefusal,
  ProviderUnavailable,
  SavedCardPayment,
  SavedCardRequest,
  VerifiedEvent,
} from './payment-provider.ts'
import { topUpIdSchema } from './top-up.ts'
import { fromProviderAmount, toProviderAmount } from './top-up-amount.ts'

/** How old a signed event may be. */
const SIGNATURE_TOLERANCE_SECONDS = 300
/** Three tries of this length end before the gateway gives up on us after 30 seconds. */
const TIMEOUT_MILLISECONDS = 8000
const RETRIES = 2

export type StripeOptions = {
  apiKey: string
  /** `https://api.stripe.com`, or the address of a stand-in. */
  url: string
  timeoutMilliseconds?: number
}

/**
 * Stripe as our payment provider. Each call carries the top-up's id as its idempotency key, so that a call that is made
 * again, after a lost reply or by a second worker, pays once.
 */
export function createStripePayments(options: StripeOptions): PaymentProvider {
  const stripe = stripeOf(options)

  async function openCheckout(request: CheckoutRequest): Promise<OpenedCheckout> {
    const { customerId, saveCard } = request
    const metadata = metadataOf(request)
    try {
      const session = await stripe.checkout.sessions.create(
        {
          mode: 'payment',
          client_reference_id: request.topUpId,
          metadata,
          line_items: [{ quantity: 1, price_data: priceOf(request) }],
          payment_intent_data: { metadata, ...(saveCard && { setup_future_usage: 'off_session' as const }) },
          ...(customerId ? { customer: customerId } : saveCard && { customer_creation: 'always' as const }),
          success_url: request.paidUrl,
          cancel_url: request.cancelledUrl,
        },
        { idempotencyKey: `${request.topUpId}:checkout` },
      )
      if (!session.url) throw new Error(`checkout session ${session.id} has no address`)
      return { ok: true, sessionId: session.id, paymentUrl: session.url }
    } catch (error) {
      return explain(error)
    }
  }

  async function chargeSavedCard(request: SavedCardRequest): Promise<SavedCardPayment> {
    try {
      const { currency, amountMicros, customerId, paymentMethodId } = request
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
      return { ok: true, paymentId: intent.id }
    } catch (error) {
      return explainCard(error) ?? explain(error)
    }
  }

  return { openCheckout, chargeSavedCard }
}

/** Checks Stripe's signature over the raw body, and reads what the event says of a payment of ours. */
export function createStripeEvents(options: StripeOptions & { webhookSigningSecret: string }) {
  const stripe = stripeOf(options)

  function verify(body: string, signature: string): VerifiedEvent {
    let event: Stripe.Event
    try {
      event = stripe.webhooks.constructEvent(
        body,
        signature,
        options.webhookSigningSecret,
        SIGNATURE_TOLERANCE_SECONDS,
      )
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError || error instanceof SyntaxError)
        return { ok: false }
      throw error
    }
    return { ok: true, eventId: event.id, eventType: event.type, news: newsOf(event) }
  }

  return { verify }
}

function stripeOf({ apiKey, url, timeoutMilliseconds = TIMEOUT_MILLISECONDS }: StripeOptions): Stripe {
  const { protocol, hostname, port } = new URL(url)
  return new Stripe(apiKey, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    port: port || (protocol === 'http:' ? 80 : 443),
    timeout: timeoutMilliseconds,
    maxNetworkRetries: RETRIES,
    telemetry: false,
  })
}

function metadataOf({ accountId, topUpId }: PaymentRequest) {
  return { accountId, topUpId }
}

function priceOf({ amountMicros, currency }: PaymentRequest) {
  return {
    currency: currency.toLowerCase(),
    unit_amount: toProviderAmount(amountMicros, currency),
    product_data: { name: 'Account top-up' },
  }
}

/** A refusal that the caller can do something about, or no clear answer; anything else is our own mistake and is thrown. */
function explain(error: unknown): ProviderRefusal | ProviderUnavailable {
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const { code = '', param = '', type, statusCode } = error
  log.warn('the payment provider did not take a request', { type, code, param, statusCode })
  if (/^amount_too_(small|large)$/.test(code)) return { ok: false, reason: 'refused', field: 'amount', code }
  if (error instanceof Stripe.errors.StripeInvalidRequestError && /currency\]?$/.test(param)) {
    return { ok: false, reason: 'refused', field: 'currency', code: code || 'currency_not_supported' }
  }
  const isOurMistake =
    error instanceof Stripe.errors.StripeInvalidRequestError ||
    error instanceof Stripe.errors.StripeIdempotencyError
  if (isOurMistake && statusCode !== 409) throw error
  return { ok: false, reason: 'unavailable' }
}

function explainCard(error: unknown): SavedCardPayment | undefined {
  if (error instanceof Stripe.errors.StripeInvalidRequestError && error.param === 'payment_method') {
    return { ok: false, reason: 'declined', code: 'saved_card_gone' }
  }
  if (!(error instanceof Stripe.errors.StripeCardError)) return undefined
  const paymentId = error.payment_intent?.id
  if (error.code === 'authentication_required') {
    return { ok: false, reason: 'authentication_required', paymentId, code: error.code }
  }
  return { ok: false, reason: 'declined', paymentId, code: error.decline_code ?? error.code ?? 'declined' }
}

const ownMetadataSchema = z.object({ accountId: accountIdSchema, topUpId: topUpIdSchema })

type News = Omit<PaymentNews, 'eventId' | 'eventType' | 'occurredAt' | 'outcome'>

/** What an event says of a payment of ours; undefined when it is of another one, or says nothing that matters. */
function newsOf(event: Stripe.Event): PaymentNews | undefined {
  const tell = (outcome: PaymentNews['outcome'], news: News | undefined): PaymentNews | undefined => {
    // Signed and yet without its time, it is none of Stripe's own making.
    if (!Number.isSafeInteger(event.created)) throw invalidField('created', 'must be the seconds since 1970')
    const occurredAt = new Date(event.created * 1000).toISOString()
    return news && { eventId: event.id, eventType: event.type, occurredAt, outcome, ...news }
  }
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded': {
      const session = event.data.object
      return session.payment_status === 'paid' ? tell('paid', aboutSession(session)) : undefined
    }
    case 'checkout.session.async_payment_failed':
      return tell('failed', aboutSession(event.data.object))
    case 'checkout.session.expired':
      return tell('expired', aboutSession(event.data.object))
    case 'payment_intent.succeeded': {
      const intent = event.data.object
      return intent.status === 'succeeded'
        ? tell('paid', aboutPayment(intent, intent.amount_received))
        : undefined
    }
    case 'payment_intent.payment_failed':
      return tell('failed', aboutPayment(event.data.object, event.data.object.amount))
    default:
      return undefined
  }
}

function aboutSession(session: Stripe.Checkout.Session): News | undefined {
  const ours = ownMetadataSchema.safeParse(session.metadata)
  if (!ours.success || session.amount_total === null || !session.currency) return undefined
  const currency = session.currency.toUpperCase()
  return {
    ...ours.data,
    about: 'session',
    sessionId: session.id,
    paymentId: idOf(session.payment_intent),
    amountMicros: fromProviderAmount(session.amount_total, currency),
    currency,
  }
}

function aboutPayment(intent: Stripe.PaymentIntent, amount: number): News | undefined {
  const ours = ownMetadataSchema.safeParse(intent.metadata)
  if (!ours.success) return undefined
  const currency = intent.currency.toUpperCase()
  const [customerId, paymentMethodId] = [idOf(intent.customer), idOf(intent.payment_method)]
  const isKept =
    intent.setup_future_usage !== null && customerId !== undefined && paymentMethodId !== undefined
  const failure = intent.last_payment_error
  return {
    ...ours.data,
    about: 'payment',
    paymentId: intent.id,
    amountMicros: fromProviderAmount(amount, currency),
    currency,
    failureCode: failure?.decline_code ?? failure?.code,
    ...(isKept && { card: { customerId, paymentMethodId } }),
  }
}

function idOf(reference: string | { id: string } | null): string | undefined {
  return typeof reference === 'string' ? reference : reference?.id
}
