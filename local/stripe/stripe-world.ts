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
  | 'checkout.session.expired'
  | 'payment_intent.created'
  | 'payment_intent.succeeded'
  | 'payment_intent.payment_failed'
  | 'payment_intent.requires_action'
  | 'payment_intent.canceled'
  | 'charge.succeeded'

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
  /** Records an event with a copy of the object as it is now, and queues its delivery in the same transaction. */
  emit(type: StripeEventType, object: StoredObject): void
  /** Runs one change as a transaction; the events in it name the request. */
  change<Result>(request: RequestIdentity | null, work: () => Result): Result
  setSavedCard(paymentMethodId: string, cardNumber: string): void
}

/** A world over a store; time is `Date.now()`, which the test clock may have moved. */
export function createStripeWorld(store: StripeStore, url: string): StripeWorld {
  let request: RequestIdentity | null = null
  const world: StripeWorld = {
    store,
    url,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    newId: (prefix) => `${prefix}_${randomBytes(18).toString('base64url').replace(/[-_]/g, 'x')}`,
    emit(type, object) {
      const event = {
        id: world.newId('evt'),
        object: 'event' as const,
        api_version: API_VERSION,
        created: world.nowSeconds(),
        data: { object: structuredClone(object) as Stripe.Event.Data.Object },
        livemode: false,
        pending_webhooks: 1,
        request: { id: request?.id ?? null, idempotency_key: request?.idempotencyKey ?? null },
        type,
      }
      store.put(event)
      store.enqueueDelivery(event.id)
    },
    change(identity, work) {
      request = identity
      try {
        return store.transaction(work)
      } finally {
        request = null
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
