import Stripe from 'stripe'
import type {
  CardSetupRequest,
  ForgottenCard,
  MadeCustomer,
  OpenedCardSetup,
  ProviderCard,
  ReadCard,
} from './payment-provider.ts'
import { explainCustomer, idOf, instantOf, isMissing, unavailable } from './stripe-sdk.client.ts'

/**
 * Cards that Stripe keeps for us: entered on its own page (Checkout in setup mode, which gives the card to the customer:
 * https://docs.stripe.com/payments/save-and-reuse), read without their number, forgotten. A detached one can never be used
 * again: https://docs.stripe.com/api/payment_methods/detach. A number has one fingerprint, however often it is saved:
 * https://docs.stripe.com/api/payment_methods/object.
 */
export function createStripeCards(stripe: Stripe) {
  async function createCustomer(accountId: string, goneCustomerId?: string): Promise<MadeCustomer> {
    try {
      const options = { idempotencyKey: ['customer', accountId, goneCustomerId ?? []].flat().join(':') }
      const customer = await stripe.customers.create({ metadata: { accountId } }, options)
      return { ok: true, customerId: customer.id }
    } catch (error) {
      return unavailable(error)
    }
  }

  async function openCardSetup(request: CardSetupRequest): Promise<OpenedCardSetup> {
    const { setupId, accountId, customerId } = request
    const metadata = { accountId, purpose: 'card' }
    try {
      const session = await stripe.checkout.sessions.create(
        {
          mode: 'setup',
          customer: customerId,
          allowed_payment_method_types: ['card'],
          metadata,
          setup_intent_data: { metadata },
          success_url: request.doneUrl,
          cancel_url: request.cancelledUrl,
        },
        { idempotencyKey: setupId },
      )
      if (!session.url) throw new Error(`checkout session ${session.id} has no address`)
      return { ok: true, setupUrl: session.url }
    } catch (error) {
      return (await explainCustomer(stripe, error, customerId)) ?? unavailable(error)
    }
  }

  async function readCard(paymentMethodId: string): Promise<ReadCard> {
    try {
      const card = cardOf(await stripe.paymentMethods.retrieve(paymentMethodId))
      return card ? { ok: true, card } : { ok: false, reason: 'card_gone' }
    } catch (error) {
      return isMissing(error) ? { ok: false, reason: 'card_gone' } : unavailable(error)
    }
  }

  async function forgetCard(paymentMethodId: string): Promise<ForgottenCard> {
    try {
      await stripe.paymentMethods.detach(paymentMethodId)
      return { ok: true }
    } catch (error) {
      // Stripe refuses to detach twice, without a code of its own: what it has of the card says whether that is why.
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return unavailable(error)
      const read = await readCard(paymentMethodId)
      return !read.ok && read.reason === 'card_gone' ? { ok: true } : unavailable(error)
    }
  }

  /**
   * Deletes a customer with its cards, for good: https://docs.stripe.com/api/customers/delete. Payments of it stay with
   * Stripe, which may have to keep them: https://docs.stripe.com/privacy/deletion-requests.
   */
  async function deleteCustomer(customerId: string): Promise<ForgottenCard> {
    try {
      await stripe.customers.del(customerId)
      return { ok: true }
    } catch (error) {
      return isMissing(error) ? { ok: true } : unavailable(error)
    }
  }

  return { createCustomer, deleteCustomer, openCardSetup, readCard, forgetCard }
}

/** Undefined for what is no card, or is kept for nobody. */
function cardOf(method: Stripe.PaymentMethod): ProviderCard | undefined {
  const customerId = idOf(method.customer)
  if (!method.card || !customerId) return undefined
  const { brand, last4, exp_month, exp_year, fingerprint } = method.card
  return {
    paymentMethodId: method.id,
    customerId,
    brand,
    lastFour: last4,
    expiresIn: `${exp_year}-${String(exp_month).padStart(2, '0')}`,
    ...(fingerprint && { fingerprint }),
    createdAt: instantOf(method.created),
  }
}
