import Stripe from 'stripe'
import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { Problem } from '../edge/problem.ts'
import { fieldErrors } from '../edge/read-request.ts'
import type { PaymentNews, ProviderNews, VerifiedEvent } from './payment-provider.ts'
import { intentSchema, newsOfIntent, newsOfSession, ownerOf, sessionSchema } from './stripe-news.client.ts'
import { idOf, referenceSchema, type StripeOptions, stripeIdSchema, stripeOf } from './stripe-sdk.client.ts'

/** How old a signed event may be: https://docs.stripe.com/webhooks#replay-attacks. */
const SIGNATURE_TOLERANCE_SECONDS = 300

/** What every event has: https://docs.stripe.com/api/events/object. When it was made does not matter, as order does not. */
const eventSchema = z.object({ id: z.string(), type: z.string() })

/** The events that say something to us, each with what is read of its object: those that Stripe has to be asked to send. */
const READERS = {
  'checkout.session.completed': sessionNews,
  'checkout.session.async_payment_succeeded': sessionNews,
  'checkout.session.async_payment_failed': (object) => sessionNews(object, 'failed'),
  'checkout.session.expired': sessionNews,
  'payment_intent.succeeded': intentNews,
  'payment_intent.payment_failed': intentNews,
  'payment_intent.canceled': intentNews,
  'setup_intent.succeeded': cardSaved,
  'payment_method.automatically_updated': cardChanged,
  'payment_method.updated': cardChanged,
  'payment_method.detached': cardGone,
  'charge.dispute.created': disputeNews,
  'charge.dispute.updated': disputeNews,
  'charge.dispute.closed': disputeNews,
  'charge.dispute.funds_withdrawn': disputeNews,
  'charge.dispute.funds_reinstated': disputeNews,
  'charge.refunded': refundNews,
  'charge.refund.updated': refundNews,
  'refund.created': refundNews,
  'refund.updated': refundNews,
  'refund.failed': refundNews,
} satisfies { [Type in Stripe.Event['type']]?: (object: unknown) => ProviderNews | undefined }
type StripeEventType = keyof typeof READERS
export const STRIPE_EVENT_TYPES = Object.keys(READERS) as StripeEventType[]

/** Checks Stripe's signature over the raw body, and reads what the event says of a payment of ours. */
export function createStripeEvents(options: StripeOptions & { webhookSigningSecret: string }) {
  const stripe = stripeOf(options)

  /**
   * The event, or that it is not signed by Stripe. Throws `request_invalid` for one that is signed and none of Stripe's:
   * it names the field.
   */
  function verify(body: string, signature: string): VerifiedEvent {
    if (!isSigned(body, signature)) return { ok: false }
    const event = parseSigned(body)
    const { id: eventId, type: eventType } = read(eventSchema, event, 'body')
    const news = newsOf(eventType, (event as { data?: { object?: unknown } }).data?.object)
    return { ok: true, eventId, eventType, news }
  }

  function isSigned(body: string, signature: string): boolean {
    const { webhookSigningSecret } = options
    try {
      return stripe.webhooks.signature!.verifyHeader(
        body,
        signature,
        webhookSigningSecret,
        SIGNATURE_TOLERANCE_SECONDS,
      )
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false
      throw error
    }
  }

  return { verify }
}

/** Signed bytes may begin with a byte order mark, which is no part of JSON: https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
function parseSigned(body: string): unknown {
  try {
    return JSON.parse(body.replace(/^\uFEFF/, ''))
  } catch {
    throw new Problem('request_invalid', 'body: is not JSON', {
      errors: [{ field: 'body', detail: 'is not JSON' }],
    })
  }
}

/** What an event is about; undefined when it is of none of ours, or says nothing that matters. */
function newsOf(type: string, object: unknown): ProviderNews | undefined {
  return Object.hasOwn(READERS, type) ? READERS[type as StripeEventType](object) : undefined
}

const ownedSchema = z.object({ metadata: z.record(z.string(), z.string()) })
/** Of a charge, a refund or a dispute. */
const paidObjectSchema = z.object({ id: stripeIdSchema, payment_intent: referenceSchema })
const setupIntentSchema = z.object({
  metadata: z.object({ accountId: accountIdSchema, purpose: z.literal('card') }),
  payment_method: referenceSchema,
})
const paymentMethodSchema = z.object({ id: stripeIdSchema, customer: referenceSchema })

/** Other payments may go through the same Stripe account: whatever they look like, they are none of ours. */
function isOurs(object: unknown): boolean {
  const owned = ownedSchema.safeParse(object).data
  return owned !== undefined && ownerOf(owned.metadata) !== undefined
}

function sessionNews(object: unknown, outcome?: PaymentNews['outcome']): ProviderNews | undefined {
  return isOurs(object) ? newsOfSession(read(sessionSchema, object), outcome) : undefined
}

function intentNews(object: unknown): ProviderNews | undefined {
  return isOurs(object) ? newsOfIntent(read(intentSchema, object)) : undefined
}

function cardSaved(object: unknown): ProviderNews | undefined {
  const setup = setupIntentSchema.safeParse(object).data
  const paymentMethodId = idOf(setup?.payment_method)
  if (!setup || !paymentMethodId) return undefined
  return { kind: 'card_saved', accountId: setup.metadata.accountId, paymentMethodId }
}

function cardChanged(object: unknown): ProviderNews | undefined {
  return cardNews('card_changed', object)
}

function cardGone(object: unknown): ProviderNews | undefined {
  return cardNews('card_gone', object)
}

function cardNews(kind: 'card_changed' | 'card_gone', object: unknown): ProviderNews | undefined {
  const method = paymentMethodSchema.safeParse(object).data
  return method && { kind, paymentMethodId: method.id, customerId: idOf(method.customer) }
}

function disputeNews(object: unknown): ProviderNews | undefined {
  const dispute = paidObjectSchema.safeParse(object).data
  const paymentId = idOf(dispute?.payment_intent)
  return dispute && paymentId ? { kind: 'dispute', disputeId: dispute.id, paymentId } : undefined
}

function refundNews(object: unknown): ProviderNews | undefined {
  const paymentId = idOf(paidObjectSchema.safeParse(object).data?.payment_intent)
  return paymentId ? { kind: 'refund', paymentId } : undefined
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place = 'data.object',
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = fieldErrors(result.error, place)
  throw new Problem('request_invalid', errors.map(({ field, detail }) => `${field}: ${detail}`).join('; '), {
    errors,
  })
}
