/** What the provider keeps, and how it shows it: the few fields that are read, as https://docs.stripe.com/api names them. */
export type Metadata = Record<string, string>

export type Session = {
  id: string
  mode: 'payment' | 'setup'
  status: 'open' | 'complete' | 'expired'
  isPaid: boolean
  metadata: Metadata
  cents: number
  /** Of a payment: what it leaves behind is a card for later. */
  keepsCard: boolean
  customerId?: string
  intentId?: string
  createdAt: number
}

export type Intent = {
  id: string
  status: 'succeeded' | 'processing' | 'requires_payment_method'
  metadata: Metadata
  cents: number
  sessionId?: string
  customerId?: string
  cardId?: string
  keepsCard: boolean
  failureCode?: string
  createdAt: number
}

/** What a card's bank says when it is charged: `thinks` leaves the payment open until it has decided. */
export const MOODS = ['pays', 'declines', 'asks', 'thinks'] as const
export type Mood = (typeof MOODS)[number]
export type Card = { id: string; customerId: string; mood: Mood; isKept: boolean; createdAt: number }

export type Refund = {
  id: string
  intentId: string
  cents: number
  status: 'pending' | 'succeeded' | 'failed'
  /** When it reached its card. */
  arrivedAt?: number
  metadata: Metadata
  createdAt: number
}

export type Dispute = {
  id: string
  intentId: string
  cents: number
  status: 'warning_needs_response' | 'needs_response' | 'won' | 'lost' | 'warning_closed'
  /** When its status last changed. */
  changedAt: number
  createdAt: number
}

export const isTaken = ({ status }: Dispute) => status === 'needs_response' || status === 'lost'

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)
const payment = (cents: number) => ({ amount: cents, currency: 'usd' })

export function showSession(session: Session) {
  const { id, mode, status, isPaid, metadata, cents, customerId = null, intentId = null } = session
  const isSetup = mode === 'setup'
  return {
    id,
    object: 'checkout.session',
    url: `https://checkout.example.com/${id}`,
    mode,
    status,
    metadata,
    customer: customerId,
    payment_status: isSetup ? 'no_payment_required' : isPaid ? 'paid' : 'unpaid',
    amount_total: isSetup ? null : cents,
    currency: isSetup ? null : 'usd',
    payment_intent: isSetup ? null : intentId,
    setup_intent: isSetup ? id.replace('cs', 'seti') : null,
    created: seconds(session.createdAt),
  }
}

export function showIntent(intent: Intent) {
  const { id, status, metadata, cents, customerId = null, cardId = null, keepsCard, failureCode } = intent
  const asks = failureCode === 'authentication_required'
  return {
    id,
    object: 'payment_intent',
    metadata,
    ...payment(cents),
    amount_received: status === 'succeeded' ? cents : 0,
    status,
    setup_future_usage: keepsCard ? 'off_session' : null,
    customer: customerId,
    payment_method: cardId,
    last_payment_error: failureCode
      ? { type: 'card_error', code: asks ? failureCode : 'card_declined', decline_code: failureCode }
      : null,
    created: seconds(intent.createdAt),
  }
}

export function showCard({ id, customerId, isKept, createdAt }: Card) {
  return {
    id,
    object: 'payment_method',
    type: 'card',
    customer: isKept ? customerId : null,
    card: { brand: 'visa', last4: '4242', exp_month: 12, exp_year: 2039, fingerprint: `of-${id}` },
    created: seconds(createdAt),
  }
}

export function showRefund({ id, intentId, cents, status, metadata, createdAt }: Refund) {
  return {
    id,
    object: 'refund',
    ...payment(cents),
    payment_intent: intentId,
    status,
    metadata,
    ...(status === 'failed' && { failure_reason: 'lost_or_stolen_card' }),
    created: seconds(createdAt),
  }
}

export function showDispute({ id, intentId, cents, status, createdAt }: Dispute) {
  return {
    id,
    object: 'dispute',
    ...payment(cents),
    payment_intent: intentId,
    status,
    reason: 'fraudulent',
    evidence_details: { due_by: seconds(createdAt) + 7 * 86_400 },
    created: seconds(createdAt),
  }
}
