import { randomBytes } from 'node:crypto'
import type Stripe from 'stripe'
import { invalidRequest } from './stripe-problem.ts'
import type { StoredObject, StripeStore } from './stripe-store.ts'
import { findTestCard } from './test-cards.ts'

/** The version in which objects and events are rendered: that of the installed SDK (a test holds them together). */
export const API_VERSION = '2026-10-28.endive'

/** The events that the project's webhook endpoint is subscribed to. */
export type StripeEventType =
  | 'checkout.session.completed'
  | 'checkout.session.async_payment_succeeded'
  | 'checkout.session.async_payment_failed'
  | 'checkout.session.expired'
  | 'payment_intent.created'
  | 'payment_intent.processing'
  | 'payment_intent.succeeded'
  | 'payment_intent.payment_failed'
  | 'payment_intent.requires_action'
  | 'payment_intent.canceled'
  | 'charge.pending'
  | 'charge.succeeded'
  | 'charge.refunded'
  | 'charge.refund.updated'
  | 'charge.dispute.created'
  | 'charge.dispute.updated'
  | 'charge.dispute.closed'
  | 'charge.dispute.funds_withdrawn'
  | 'charge.dispute.funds_reinstated'
  | 'refund.created'
  | 'refund.updated'
  | 'refund.failed'
  | 'radar.early_fraud_warning.created'
  | 'setup_intent.created'
  | 'setup_intent.requires_action'
  | 'setup_intent.succeeded'
  | 'setup_intent.setup_failed'
  | 'setup_intent.canceled'
  | 'customer.deleted'
  | 'payment_method.attached'
  | 'payment_method.updated'
  | 'payment_method.automatically_updated'
  | 'payment_method.detached'

export interface RequestIdentity {
  id: string
  idempotencyKey: string | null
}

/** What the endpoints and pages act on: the stored objects, the time, and the events that follow from a change. */
export interface StripeWorld {
  store: StripeStore
  /** Base URL of the stand-in, without a slash at the end. */
  url: string
  nowSeconds(): number
  newId(prefix: string): string
  /**
   * Records an event with a copy of the object as it is now, and queues its delivery in the same transaction. `before`
   * has what changed as it was (`previous_attributes`).
   */
  emit(type: StripeEventType, object: StoredObject, before?: object): void
  /** Queues an event of any type, also of one that nobody subscribed to; returns its id. */
  emitAny(type: string, object: object, before?: object): string
  /** Does something at the end of the change that is under way, within its transaction: what follows from a payment. */
  afterwards(work: () => void): void
  /** Runs one change as a transaction; the events in it name the request. */
  change<Result>(request: RequestIdentity | null, work: () => Result): Result
  setSavedCard(paymentMethodId: string, cardNumber: string): void
}

/** A world over a store; time is `Date.now()`, which the test clock may have moved. */
export function createStripeWorld(store: StripeStore, url: string): StripeWorld {
  let request: RequestIdentity | null = null
  let following: (() => void)[] = []
  const world: StripeWorld = {
    store,
    url,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    newId: (prefix) => `${prefix}_${randomBytes(18).toString('base64url').replace(/[-_]/g, 'x')}`,
    emit(type, object, before) {
      world.emitAny(type, object, before)
    },
    emitAny(type, object, before) {
      const event = {
        id: world.newId('evt'),
        object: 'event' as const,
        api_version: API_VERSION,
        created: world.nowSeconds(),
        data: {
          object: structuredClone(object) as Stripe.Event.Data.Object,
          ...(before && { previous_attributes: structuredClone(before) }),
        },
        livemode: false,
        pending_webhooks: 1,
        request: { id: request?.id ?? null, idempotency_key: request?.idempotencyKey ?? null },
        type,
      }
      store.put(event)
      store.enqueueDelivery(event.id)
      return event.id
    },
    afterwards(work) {
      following.push(work)
    },
    change(identity, work) {
      request = identity
      following = []
      try {
        return store.transaction(() => {
          const result = work()
          for (let next = following.shift(); next; next = following.shift()) next()
          return result
        })
      } finally {
        request = null
        following = []
      }
    },
    setSavedCard(paymentMethodId, cardNumber) {
      const saved = store.cardOf(paymentMethodId)
      const card = findTestCard(cardNumber)
      if (!saved || !card)
        throw invalidRequest('Name a saved payment method and a test card.', 'payment_method')
      store.putCardNumber(paymentMethodId, card.number, saved.isSetUp)
    },
  }
  return world
}
