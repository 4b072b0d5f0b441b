import { Problem } from '../edge/problem.ts'
import type { OpenedCheckout, PaymentProvider, SavedCardPayment } from './payment-provider.ts'
import type { TopUpStore } from './top-up.store.ts'
import { nextStep, type TopUp } from './top-up.ts'

export type TopUpAdvanceOptions = {
  topUps: TopUpStore
  /** Asked for only when the provider is to be called. */
  provider: () => Promise<Pick<PaymentProvider, 'openCheckout' | 'chargeSavedCard' | 'lookUpPayment'>>
  /** Where the payer comes back to, without a closing slash. */
  portalUrl: string
}

/** Takes a top-up that is written down to the provider. */
export function createTopUpAdvance(options: TopUpAdvanceOptions) {
  const { topUps, provider } = options

  /**
   * Does what is next at the provider, until nothing is. However often and by whomever it is called, the top-up's id is the
   * provider's idempotency key. Throws `payment_provider_unavailable` when there was no clear answer.
   */
  async function advance(topUp: TopUp, now: Date): Promise<TopUp> {
    const step = nextStep(topUp, now)
    if (step === undefined) return topUp
    if (step === 'expire') return giveUp(topUp, now)
    if (step === 'open_checkout')
      return noteCheckout(topUp, await (await provider()).openCheckout(checkoutOf(topUp)), now)
    const { customerId, paymentMethodId } = topUp
    if (!customerId || !paymentMethodId) throw new Error(`top-up ${topUp.topUpId} has no saved card`)
    const paid = await (await provider()).chargeSavedCard({ ...topUp, customerId, paymentMethodId })
    const noted = await noteSavedCard(topUp, paid, now)
    return nextStep(noted, now) === 'open_checkout' ? advance(noted, now) : noted
  }

  /** Only of what the provider has never heard: all else is still to become something, by its event or by the schedule. */
  async function giveUp(topUp: TopUp, now: Date): Promise<TopUp> {
    const found = await (await provider()).lookUpPayment(topUp)
    if (!found.ok) throw unavailable(topUp)
    const isUnknown = 'status' in found && found.status === 'not_found'
    return isUnknown ? topUps.move(topUp, 'expired', now.toISOString()) : topUp
  }

  function checkoutOf(topUp: TopUp) {
    const { topUpId, accountId, amountMicros, currency, saveCard, customerId } = topUp
    const back = (result: string) =>
      `${options.portalUrl}/top-up?${new URLSearchParams({ account: accountId, topUp: topUpId, result })}`
    return {
      topUpId,
      accountId,
      amountMicros,
      currency,
      saveCard,
      customerId,
      paidUrl: back('paid'),
      cancelledUrl: back('cancelled'),
    }
  }

  async function noteCheckout(topUp: TopUp, opened: OpenedCheckout, now: Date): Promise<TopUp> {
    const at = now.toISOString()
    if (opened.ok) {
      const { sessionId, paymentUrl } = opened
      return topUps.move(topUp, 'processing', at, { method: 'checkout', sessionId, paymentUrl })
    }
    if (opened.reason === 'unavailable') throw unavailable(topUp)
    const failureCode = opened.reason === 'refused' ? `refused_${opened.field}` : opened.reason
    return topUps.move(topUp, 'failed', at, { failureCode })
  }

  async function noteSavedCard(topUp: TopUp, paid: SavedCardPayment, now: Date): Promise<TopUp> {
    const at = now.toISOString()
    if (paid.ok) return topUps.move(topUp, 'processing', at, { paymentId: paid.paymentId })
    switch (paid.reason) {
      case 'unavailable':
        throw unavailable(topUp)
      case 'refused':
        return topUps.move(topUp, 'failed', at, { failureCode: `refused_${paid.field}` })
      case 'customer_gone':
        return topUps.move(topUp, 'failed', at, { failureCode: paid.reason })
      default:
        return topUps.move(topUp, 'failed', at, { failureCode: paid.code })
    }
  }

  return { advance }
}

function unavailable({ topUpId }: TopUp): Problem {
  return new Problem(
    'payment_provider_unavailable',
    'Send the same request with the same Idempotency-Key again: it goes on with this very payment.',
    { extra: { topUpId } },
  )
}
