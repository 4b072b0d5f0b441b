import type Stripe from 'stripe'
import { z } from 'zod'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { published } from './published.ts'
import { expandAlone, readParameters, text } from './read-parameters.ts'
import { noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

const listParameters = published<Stripe.EventListParams>()(
  z.strictObject({ ...pageParameters, created: createdFilter, type: text.optional() }),
)

/** `GET /v1/events`: by type and time, newest first; also those that were never delivered. */
export function listEvents(world: StripeWorld, fields: FormFields): StripeList<Stripe.Event> {
  const { type, ...page } = readParameters(listParameters, fields)
  const events = world.store.list<Stripe.Event>('event', type ? { type } : {})
  return pageOf(events, page, '/v1/events', 'event')
}

/** `GET /v1/events/:id`; `pending_webhooks` tells whether it still waits. */
export function retrieveEvent(world: StripeWorld, fields: FormFields, id: string): Stripe.Event {
  readParameters(expandAlone, fields)
  const event = world.store.get<Stripe.Event>('event', id)
  if (!event) throw noSuch('event', id, 'id')
  const isWaiting = world.store.waitingDeliveries().some(({ eventId }) => eventId === id)
  return { ...event, pending_webhooks: isWaiting ? 1 : 0 }
}
