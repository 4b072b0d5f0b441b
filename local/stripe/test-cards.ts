/** What happens when a card is charged, and what happens to that payment afterwards. */
export interface TestCard {
  number: string
  brand: 'visa' | 'mastercard'
  /** Shown beside the card on the payment page. */
  label: string
  /** Given when every charge is refused, and the card cannot be saved either. */
  decline?: CardDecline
  /** The card can be saved all the same; only its charges are refused. */
  isSavedAllTheSame?: true
  /**
   * When the bank wants its customer to confirm: `unless_set_up` no longer asks off session once the card was saved with
   * an authentication; `always` asks every time.
   */
  authentication?: 'unless_set_up' | 'always'
  /** A charge stays `processing` until it is settled by a control. */
  isSlow?: true
  /** A refund begins `pending` and succeeds later, or begins `succeeded` and fails later. */
  refund?: 'succeeds_later' | 'fails_later'
  /** What the cardholder's bank sends after a payment. */
  aftermath?: 'dispute_fraudulent' | 'dispute_not_received' | 'inquiry' | 'early_fraud_warning'
}

export interface CardDecline {
  code: 'card_declined' | 'expired_card'
  /** Absent where Stripe's "Testing" page has "n/a". */
  declineCode?: 'generic_decline' | 'insufficient_funds'
  message: string
}

const GENERIC_DECLINE: CardDecline = {
  code: 'card_declined',
  declineCode: 'generic_decline',
  message: 'Your card was declined.',
}
const INSUFFICIENT_FUNDS: CardDecline = {
  code: 'card_declined',
  declineCode: 'insufficient_funds',
  message: 'Your card has insufficient funds.',
}
const EXPIRED: CardDecline = { code: 'expired_card', message: 'Your card has expired.' }

/**
 * The cards of Stripe's "Testing" page (https://docs.stripe.com/testing) that matter to money in, with the behaviour that
 * the page documents. The last one is the stand-in's own: Stripe has slow payments for bank debits alone.
 */
export const TEST_CARDS: TestCard[] = [
  { number: '4242424242424242', brand: 'visa', label: 'Pays' },
  { number: '5555555555554444', brand: 'mastercard', label: 'Pays' },
  { number: '4000000000000002', brand: 'visa', label: 'Is declined', decline: GENERIC_DECLINE },
  { number: '4000000000009995', brand: 'visa', label: 'Has insufficient funds', decline: INSUFFICIENT_FUNDS },
  { number: '4000000000000069', brand: 'visa', label: 'Has expired', decline: EXPIRED },
  {
    number: '4000000000000341',
    brand: 'visa',
    label: 'Can be saved, is declined when charged',
    decline: GENERIC_DECLINE,
    isSavedAllTheSame: true,
  },
  {
    number: '4000002500003155',
    brand: 'visa',
    label: 'Needs authentication, once if it is saved',
    authentication: 'unless_set_up',
  },
  {
    number: '4000002760003184',
    brand: 'visa',
    label: 'Needs authentication every time',
    authentication: 'always',
  },
  {
    number: '4000000000007726',
    brand: 'visa',
    label: 'Pays; a refund takes a minute',
    refund: 'succeeds_later',
  },
  {
    number: '4000000000005126',
    brand: 'visa',
    label: 'Pays; a refund fails after a minute',
    refund: 'fails_later',
  },
  {
    number: '4000000000000259',
    brand: 'visa',
    label: 'Pays, then is disputed as fraudulent',
    aftermath: 'dispute_fraudulent',
  },
  {
    number: '4000000000002685',
    brand: 'visa',
    label: 'Pays, then is disputed as not received',
    aftermath: 'dispute_not_received',
  },
  { number: '4000000000001976', brand: 'visa', label: 'Pays, then is inquired about', aftermath: 'inquiry' },
  {
    number: '4000000000005423',
    brand: 'visa',
    label: 'Pays, then its bank warns of fraud',
    aftermath: 'early_fraud_warning',
  },
  { number: '4000000000000911', brand: 'visa', label: 'Takes its time (stand-in only)', isSlow: true },
]

/** Payment methods that exist in every test account; using one makes a new payment method. */
const READY_MADE: Record<string, string> = {
  pm_card_visa: '4242424242424242',
  pm_card_mastercard: '5555555555554444',
  pm_card_chargeDeclined: '4000000000000002',
  pm_card_visa_chargeDeclined: '4000000000000002',
  pm_card_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_chargeDeclinedExpiredCard: '4000000000000069',
  pm_card_chargeCustomerFail: '4000000000000341',
  pm_card_authenticationRequiredOnSetup: '4000002500003155',
  pm_card_authenticationRequired: '4000002760003184',
  pm_card_pendingRefund: '4000000000007726',
  pm_card_refundFail: '4000000000005126',
  pm_card_createDispute: '4000000000000259',
  pm_card_createDisputeProductNotReceived: '4000000000002685',
  pm_card_createDisputeInquiry: '4000000000001976',
  pm_card_createIssuerFraudRecord: '4000000000005423',
}

/** The test card with this number (spaces allowed); undefined for any other number. */
export function findTestCard(cardNumber: string): TestCard | undefined {
  const digits = cardNumber.replace(/[\s-]/g, '')
  return TEST_CARDS.find((card) => card.number === digits)
}

/** The card behind a ready-made payment method such as `pm_card_visa`. */
export function findReadyMadeCard(paymentMethodId: string): TestCard | undefined {
  const number = Object.hasOwn(READY_MADE, paymentMethodId) ? READY_MADE[paymentMethodId] : undefined
  return number === undefined ? undefined : findTestCard(number)
}
