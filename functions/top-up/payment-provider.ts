/** A payment to be made for a top-up. What is asked never changes for one top-up, so that asking twice is asking once. */
export type PaymentRequest = {
  topUpId: string
  accountId: string
  amountMicros: bigint
  currency: string
}

export type CheckoutRequest = PaymentRequest & {
  /** Keep the card for later payments. */
  saveCard: boolean
  /** The provider's own customer, where one is known already. */
  customerId?: string
  /** Where the payer comes back to. */
  paidUrl: string
  cancelledUrl: string
}

export type SavedCardRequest = PaymentRequest & { customerId: string; paymentMethodId: string }

/** The provider will not have such a payment; which field it is about. */
export type ProviderRefusal = { ok: false; reason: 'refused'; field: 'amount' | 'currency'; code: string }
/** No answer, or none that says what happened: asking again with the same request is safe. */
export type ProviderUnavailable = { ok: false; reason: 'unavailable' }

export type OpenedCheckout =
  | { ok: true; sessionId: string; paymentUrl: string }
  | ProviderRefusal
  | ProviderUnavailable

export type SavedCardPayment =
  /** Under way, or even paid: the credit comes with the provider's signed event alone. */
  | { ok: true; paymentId: string }
  | { ok: false; reason: 'declined' | 'authentication_required'; paymentId?: string; code: string }
  | ProviderRefusal
  | ProviderUnavailable

/** What the provider says in a signed event about a payment of ours. */
export type PaymentNews = {
  eventId: string
  eventType: string
  occurredAt: string
  topUpId: string
  accountId: string
  outcome: 'paid' | 'failed' | 'expired'
  /** Who speaks: the payment page, or the payment itself (of which a page may see several tries). */
  about: 'session' | 'payment'
  sessionId?: string
  paymentId?: string
  amountMicros: bigint
  currency: string
  failureCode?: string
  /** The card that was used, when it was to be kept. */
  card?: { customerId: string; paymentMethodId: string }
}

/** All that top-ups need of a payment provider: another one is another implementation of this. */
export type PaymentProvider = {
  openCheckout(request: CheckoutRequest): Promise<OpenedCheckout>
  chargeSavedCard(request: SavedCardRequest): Promise<SavedCardPayment>
}

/** A signed event: `news` is absent when it is of no interest, or of no payment of ours. */
export type VerifiedEvent =
  | { ok: true; eventId: string; eventType: string; news?: PaymentNews }
  | { ok: false }
