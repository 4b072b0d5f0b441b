import type Stripe from 'stripe'
import { z } from 'zod'
import type { FormFields } from './form-parameters.ts'
import { published } from './published.ts'
import {
  emptyable,
  expand,
  expandAlone,
  metadata,
  metadataUpdate,
  readParameters,
  text,
  updateMetadata,
} from './read-parameters.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

const address = z.strictObject({
  city: text.optional(),
  country: text.optional(),
  line1: text.optional(),
  line2: text.optional(),
  postal_code: text.optional(),
  state: text.optional(),
})

const createParameters = published<Stripe.CustomerCreateParams>()(
  z.strictObject({
    address: address.optional(),
    description: text.optional(),
    email: text.max(512, 'email_invalid').optional(),
    expand,
    metadata: metadata.optional(),
    name: text.max(256).optional(),
    phone: text.optional(),
  }),
)

const updateParameters = published<Stripe.CustomerUpdateParams>()(
  z.strictObject({
    description: emptyable.optional(),
    email: emptyable.max(512, 'email_invalid').optional(),
    expand,
    invoice_settings: z.strictObject({ default_payment_method: emptyable.optional() }).optional(),
    metadata: metadataUpdate.optional(),
    name: emptyable.max(256).optional(),
    phone: emptyable.optional(),
  }),
)

const deleteParameters = published<Stripe.CustomerDeleteParams>()(z.strictObject({}))

/** `POST /v1/customers`. */
export function createCustomer(world: StripeWorld, fields: FormFields): Stripe.Customer {
  return makeCustomer(world, readParameters(createParameters, fields))
}

/** A new customer, stored. */
export function makeCustomer(
  world: StripeWorld,
  details: Omit<z.output<typeof createParameters>, 'expand'>,
): Stripe.Customer {
  const id = world.newId('cus')
  const customer: Stripe.Customer = {
    id,
    object: 'customer',
    address: details.address ? { ...EMPTY_ADDRESS, ...details.address } : null,
    balance: 0,
    created: world.nowSeconds(),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: details.description ?? null,
    discount: null,
    email: details.email ?? null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: details.metadata ?? {},
    name: details.name ?? null,
    next_invoice_sequence: 1,
    phone: details.phone ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
  world.store.put(customer)
  return customer
}

/** `GET /v1/customers/:id`; a deleted one is still there, as that. */
export function retrieveCustomer(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.Customer | Stripe.DeletedCustomer {
  readParameters(expandAlone, fields)
  const deleted = world.store.get<Stripe.DeletedCustomer>('customer', id)
  return deleted?.deleted ? deleted : findCustomer(world, id, 'id', 404)
}

/** `POST /v1/customers/:id`; an empty value unsets. */
export function updateCustomer(world: StripeWorld, fields: FormFields, id: string): Stripe.Customer {
  const { expand: _, invoice_settings, metadata, ...texts } = readParameters(updateParameters, fields)
  const customer = findCustomer(world, id, 'id', 404)
  const method = invoice_settings?.default_payment_method
  if (method) requireOwnMethod(world, method, id)
  const updated: Stripe.Customer = {
    ...customer,
    ...Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, value || null])),
    invoice_settings: {
      ...customer.invoice_settings,
      ...(method !== undefined && { default_payment_method: method || null }),
    },
    metadata: updateMetadata(customer.metadata, metadata),
  }
  world.store.put(updated)
  return updated
}

/** `DELETE /v1/customers/:id`: its cards can never be used again, and what is left of it says so. */
export function deleteCustomer(world: StripeWorld, fields: FormFields, id: string): Stripe.DeletedCustomer {
  readParameters(deleteParameters, fields)
  const customer = findCustomer(world, id, 'id', 404)
  for (const method of world.store.list<Stripe.PaymentMethod>('payment_method', { customer: id })) {
    const detached: Stripe.PaymentMethod = { ...method, customer: null }
    world.store.put(detached)
    world.store.removeCardNumber(method.id)
  }
  const deleted: Stripe.DeletedCustomer = { id, object: 'customer', deleted: true }
  world.store.put(deleted)
  world.emit('customer.deleted', customer)
  return deleted
}

function requireOwnMethod(world: StripeWorld, methodId: string, customerId: string): void {
  const method = world.store.get<Stripe.PaymentMethod>('payment_method', methodId)
  const param = 'invoice_settings[default_payment_method]'
  if (!method) throw noSuch('PaymentMethod', methodId, param, 400)
  if (method.customer === customerId) return
  throw invalidRequest('The customer does not have a payment method with this ID.', param, 'resource_missing')
}

/** The customer, or the answer that there is none. */
export function findCustomer(
  world: StripeWorld,
  id: string,
  param: string,
  status: 400 | 404,
): Stripe.Customer {
  const customer = world.store.get<Stripe.Customer>('customer', id)
  if (!customer || customer.deleted) throw noSuch('customer', id, param, status)
  return customer
}

const EMPTY_ADDRESS: Stripe.Address = {
  city: null,
  country: null,
  line1: null,
  line2: null,
  postal_code: null,
  state: null,
}
