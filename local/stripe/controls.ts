import type Stripe from 'stripe'
import { closeInquiry, escalateInquiry, loseDispute, openDispute, winDispute } from './dispute-moves.ts'
import type { DisputeTerms } from './dispute-object.ts'
import { warnOfFraud } from './early-fraud-warnings.ts'
import { type CardChange, updateCardByNetwork } from './payment-methods.ts'
import { failRefund, refundByHand, succeedRefund } from './refunds.ts'
import { settlePayment } from './settle-payment.ts'
import type { StripeWorld } from './stripe-world.ts'

/**
 * What happens at Stripe without us: what its staff, our own at its dashboard, cardholders and their banks do. Each is one
 * transaction with its events; what makes no sense (a refund of more than is left) throws as the API would refuse it.
 */
export interface StripeControls {
  /** Makes a saved card behave from now on like the test card with this number, for instance to let it be declined. */
  setSavedCard(paymentMethodId: string, cardNumber: string): void
  /** The card network renewed or replaced a saved card: `payment_method.automatically_updated`. Default: three years longer. */
  updateCardByNetwork(paymentMethodId: string, change?: CardChange): Stripe.PaymentMethod
  /** Somebody refunds a payment by hand, without metadata of ours. Default: all that is left. */
  refundByHand(paymentIntentId: string, amount?: number): Stripe.Refund
  /** A pending refund succeeds. */
  succeedRefund(refundId: string): Stripe.Refund
  /** A refund fails, also one that had succeeded. */
  failRefund(refundId: string, reason?: string): Stripe.Refund
  /** The cardholder disputes a payment. Default: all of it, as fraudulent, and not just an inquiry. */
  openDispute(paymentIntentId: string, terms?: Partial<DisputeTerms>): Stripe.Dispute
  winDispute(disputeId: string): Stripe.Dispute
  loseDispute(disputeId: string): Stripe.Dispute
  /** An inquiry becomes a dispute. */
  escalateInquiry(disputeId: string): Stripe.Dispute
  closeInquiry(disputeId: string): Stripe.Dispute
  warnOfFraud(paymentIntentId: string): Stripe.Radar.EarlyFraudWarning
  /** Ends a payment that is `processing`. */
  settlePayment(paymentIntentId: string, outcome: 'succeeds' | 'fails'): Stripe.PaymentIntent
  /** Sends an event of any type, also of one that nobody handles; returns its id. */
  sendEvent(type: string, object: object): string
}

/** The controls over a world; `wake` is called after each change, so that its events go out. */
export function createControls(world: StripeWorld, wake: () => void): StripeControls {
  function change<Result>(work: () => Result): Result {
    const result = world.change(null, work)
    wake()
    return result
  }
  return {
    setSavedCard: (id, number) => change(() => world.setSavedCard(id, number)),
    updateCardByNetwork: (id, cardChange = {}) => change(() => updateCardByNetwork(world, id, cardChange)),
    refundByHand: (id, amount) => change(() => refundByHand(world, id, amount)),
    succeedRefund: (id) => change(() => succeedRefund(world, id)),
    failRefund: (id, reason) => change(() => failRefund(world, id, reason)),
    openDispute: (id, terms) => change(() => openDispute(world, id, terms)),
    winDispute: (id) => change(() => winDispute(world, id)),
    loseDispute: (id) => change(() => loseDispute(world, id)),
    escalateInquiry: (id) => change(() => escalateInquiry(world, id)),
    closeInquiry: (id) => change(() => closeInquiry(world, id)),
    warnOfFraud: (id) => change(() => warnOfFraud(world, id)),
    settlePayment: (id, outcome) => change(() => settlePayment(world, id, outcome)),
    sendEvent: (type, object) => change(() => world.emitAny(type, object)),
  }
}
