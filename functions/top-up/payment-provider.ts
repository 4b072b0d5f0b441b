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
  /** The account's customer at the provider; a card is kept for that one alone. */
  customerId?: string
  /** Where the payer comes back to. */
  paidUrl: string
  cancelledUrl: string
}

export type SavedCardRequest = PaymentRequest & { customerId: string; paymentMethodId: string }

/** The provider will not have such a payment; which field it is about. */
export type ProviderRefusal = { ok: false; reason: 'refused'; field: 'amount' | 'currency'; code: string }
/** Somebody has deleted the customer at the provider, and with it all its cards: nothing happened, and nothing will for it. */
export type CustomerGone = { ok: false; reason: 'customer_gone' }
/** No answer, or none that says what happened: asking again with the same request is safe. */
export type ProviderUnavailable = { ok: false; reason: 'unavailable' }

export type OpenedCheckout =
  | { ok: true; sessionId: string; paymentUrl: string }
  | ProviderRefusal
  | CustomerGone
  | ProviderUnavailable

export type SavedCardPayment =
  /** Under way, or even paid: the credit comes with the provider's signed event alone. */
  | { ok: true; paymentId: string }
  | { ok: false; reason: 'declined' | 'authentication_required'; paymentId?: string; code: string }
  | ProviderRefusal
  | CustomerGone
  | ProviderUnavailable

/** A payment as the provider has it: told by a signed event, or looked up. */
export type PaymentNews = {
  kind: 'payment'
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

/** What the provider has of a top-up: its news, or that it is still open there, or that nothing was ever begun. */
export type LookedUpPayment =
  | { ok: true; news: PaymentNews }
  | { ok: true; status: 'open'; paymentId?: string; sessionId?: string }
  | { ok: true; status: 'not_found' }
  | ProviderUnavailable

/** The account as the provider knows it: asked for again, it is the same. */
export type MadeCustomer = { ok: true; customerId: string } | ProviderUnavailable

/** A hosted page where a client's card is entered and kept: no number of a card ever comes to us. */
export type CardSetupRequest = {
  setupId: string
  accountId: string
  customerId: string
  doneUrl: string
  cancelledUrl: string
}
export type OpenedCardSetup = { ok: true; setupUrl: string } | CustomerGone | ProviderUnavailable

/** A card that the provider keeps for a customer: what a person recognises it by, never its number. */
export type ProviderCard = {
  paymentMethodId: string
  customerId: string
  brand: string
  lastFour: string
  /** The last month in which it can be used, as `2027-03`. */
  expiresIn: string
  /** The same for the same card, however often it is kept. */
  fingerprint?: string
  /** When the provider began to keep it. */
  createdAt: string
}
export type ReadCard =
  | { ok: true; card: ProviderCard }
  | { ok: false; reason: 'card_gone' }
  | ProviderUnavailable
export type ForgottenCard = { ok: true } | ProviderUnavailable

/** Money of a payment that goes back to its card. */
export type RefundRequest = {
  refundId: string
  accountId: string
  topUpId: string
  paymentId: string
  amountMicros: bigint
  currency: string
}

/** A refund as the provider has it now. `accountId`, `topUpId` and `refundId` are absent for one that was made there by hand. */
export type ProviderRefund = {
  providerRefundId: string
  paymentId: string
  refundId?: string
  amountMicros: bigint
  currency: string
  status: 'pending' | 'succeeded' | 'failed'
  failureCode?: string
  createdAt: string
}
export type MadeRefund =
  | { ok: true; refund: ProviderRefund }
  | { ok: false; reason: 'refused'; code: string }
  | ProviderUnavailable
export type LookedUpRefunds = { ok: true; refunds: ProviderRefund[] } | ProviderUnavailable

/** A dispute as the provider has it now. */
export type ProviderDispute = {
  disputeId: string
  paymentId: string
  amountMicros: bigint
  currency: string
  /** `inquiry`: asked about, nothing taken yet; `open`: the amount is taken; `closed`: an inquiry that came to nothing. */
  status: 'inquiry' | 'open' | 'won' | 'lost' | 'closed'
  /** The provider's word for why. */
  reason: string
  /** Until when evidence may be handed in. */
  evidenceDueAt?: string
  createdAt: string
}
export type LookedUpDispute = { ok: true; dispute: ProviderDispute } | ProviderUnavailable

/** What has begun at the provider alone: news that says only where to look. */
export type BegunAtProvider =
  | {
      ok: true
      news: (
        | { kind: 'dispute'; disputeId: string; paymentId: string }
        | { kind: 'refund'; paymentId: string }
      )[]
    }
  | ProviderUnavailable

/** Whose payment it is, as the provider was told when it was made; undefined for a payment that is none of ours. */
export type PaymentOwner = { accountId: string; topUpId: string }
export type FoundOwner = { ok: true; owner?: PaymentOwner } | ProviderUnavailable

/** All that Drawdown needs of a payment provider: another one is another implementation of this. */
export type PaymentProvider = {
  openCheckout(request: CheckoutRequest): Promise<OpenedCheckout>
  chargeSavedCard(request: SavedCardRequest): Promise<SavedCardPayment>
  /** What became of a top-up, whatever we have noted of it. */
  lookUpPayment(topUp: PaymentRequest & LookUp): Promise<LookedUpPayment>
  findOwner(paymentId: string): Promise<FoundOwner>
  /**
   * The account's one customer: asked for a second time, it is the same one. In the place of one that is gone it is another.
   */
  createCustomer(accountId: string, goneCustomerId?: string): Promise<MadeCustomer>
  /** Deletes a customer with its cards; one that is gone already is deleted too. */
  deleteCustomer(customerId: string): Promise<ForgottenCard>
  openCardSetup(request: CardSetupRequest): Promise<OpenedCardSetup>
  readCard(paymentMethodId: string): Promise<ReadCard>
  /** Forgets a card for good; one that is gone already is forgotten too. */
  forgetCard(paymentMethodId: string): Promise<ForgottenCard>
  refund(request: RefundRequest): Promise<MadeRefund>
  /** All refunds of a payment. */
  lookUpRefunds(paymentId: string): Promise<LookedUpRefunds>
  lookUpDispute(disputeId: string): Promise<LookedUpDispute>
  /** The disputes since an instant, and the payments of which something was refunded there by hand. */
  listBegun(since: string): Promise<BegunAtProvider>
}

/** What we know of a payment that is to be looked up. Nobody is there to do what the bank still asks for of a saved card. */
export type LookUp = {
  method: 'checkout' | 'saved_card'
  customerId?: string
  sessionId?: string
  paymentId?: string
  createdAt: string
}

/**
 * What a signed event is about. Of refunds, disputes and cards it says only that there is something new: they are read at
 * the provider as they are now, so that order and repeats of events do not matter.
 */
export type ProviderNews =
  | PaymentNews
  | { kind: 'card_saved'; accountId: string; paymentMethodId: string }
  | { kind: 'card_changed' | 'card_gone'; paymentMethodId: string; customerId?: string }
  | { kind: 'refund'; paymentId: string }
  | { kind: 'dispute'; disputeId: string; paymentId: string }

/** A signed event: `news` is absent when it is of no interest, or of no payment of ours. */
export type VerifiedEvent =
  | { ok: true; eventId: string; eventType: string; news?: ProviderNews }
  | { ok: false }
