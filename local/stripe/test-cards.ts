/** What happens when a card is charged. */
export interface TestCard {
  number: string
  brand: 'visa'
  /** Shown beside the card on the payment page. */
  label: string
  /** Given when every charge is refused. */
  declineCode?: 'generic_decline' | 'insufficient_funds'
  /**
   * When the bank wants its customer to confirm: `unless_set_up` no longer asks off session once the card was saved with
   * an authentication; `always` asks every time.
   */
  authentication?: 'unless_set_up' | 'always'
}

/** The cards of Stripe's "Testing" page that matter to a top-up, with the behaviour that the page documents. */
export const TEST_CARDS: TestCard[] = [
  { number: '4242424242424242', brand: 'visa', label: 'Pays' },
  { number: '4000000000000002', brand: 'visa', label: 'Is declined', declineCode: 'generic_decline' },
  {
    number: '4000000000009995',
    brand: 'visa',
    label: 'Has insufficient funds',
    declineCode: 'insufficient_funds',
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
]

/** Payment methods that exist in every test account; using one makes a new payment method. */
const READY_MADE: Record<string, string> = {
  pm_card_visa: '4242424242424242',
  pm_card_chargeDeclined: '4000000000000002',
  pm_card_visa_chargeDeclined: '4000000000000002',
  pm_card_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_authenticationRequiredOnSetup: '4000002500003155',
  pm_card_authenticationRequired: '4000002760003184',
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
