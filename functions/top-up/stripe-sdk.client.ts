import Stripe from 'stripe'
import { z } from 'zod'
import { log } from '../edge/log.ts'
import type { CustomerGone, ProviderUnavailable } from './payment-provider.ts'

/** Three tries of this length end before the gateway gives up on us after 30 seconds. */
const TIMEOUT_MILLISECONDS = 8000
const RETRIES = 2

export type StripeOptions = {
  apiKey: string
  /** `https://api.stripe.com`, or the address of a stand-in. */
  url: string
  timeoutMilliseconds?: number
}

export function stripeOf({ apiKey, url, timeoutMilliseconds = TIMEOUT_MILLISECONDS }: StripeOptions): Stripe {
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

/** No clear answer: ask again. A refusal of Stripe's that is our own mistake is thrown. */
export function unavailable(error: unknown): ProviderUnavailable {
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const { code, param, type, statusCode } = error
  // A key that is wrong or may not do this is for a person to mend, and then the same request goes through.
  const isForbidden = statusCode === 401 || statusCode === 403
  log[isForbidden ? 'error' : 'warn']('the payment provider did not take a request', {
    ...{ type, code, param, statusCode },
  })
  const isOurMistake =
    error instanceof Stripe.errors.StripeInvalidRequestError ||
    error instanceof Stripe.errors.StripeIdempotencyError
  if (isOurMistake && statusCode !== 409) throw error
  return { ok: false, reason: 'unavailable' }
}

/** The object that was asked for is not there, or not any more. */
export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing'
}

/** Of at most 255 characters: https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backward-compatible */
export const stripeIdSchema = z.string().regex(/^[!-~]{1,255}$/, 'must be an id of Stripe’s')

/**
 * That a call was refused for a customer which somebody has deleted: Stripe still says so of it
 * (https://docs.stripe.com/api/customers/delete). Undefined for any other refusal; one for a customer that never was is our
 * own mistake, such as another account's key.
 */
export async function explainCustomer(
  stripe: Stripe,
  error: unknown,
  customerId: string | undefined,
): Promise<CustomerGone | ProviderUnavailable | undefined> {
  const isMeant = isMissing(error) && (error as Stripe.errors.StripeError).param === 'customer'
  if (!isMeant || !customerId) return undefined
  try {
    const { deleted } = await stripe.customers.retrieve(customerId)
    return deleted ? { ok: false, reason: 'customer_gone' } : undefined
  } catch (unanswered) {
    return isMissing(unanswered) ? undefined : unavailable(unanswered)
  }
}

/** A thing of Stripe's in another one: its id, or all of it (https://docs.stripe.com/expand). */
export const referenceSchema = z.union([stripeIdSchema, z.object({ id: stripeIdSchema })]).nullish()

export function idOf(reference: string | { id: string } | null | undefined): string | undefined {
  return typeof reference === 'string' ? reference : reference?.id
}

/** An instant as Stripe counts it. */
export function instantOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
