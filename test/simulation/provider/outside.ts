import {
  type Card,
  type Dispute,
  type Intent,
  type Mood,
  type Refund,
  type Session,
  showCard,
  showRefund,
  showSession,
} from './objects.ts'
import { DECLINED, type ProviderState } from './state.ts'

const DAY_MILLISECONDS = 86_400_000
/** https://docs.stripe.com/refunds#failed-refunds */
const LONGEST_FAILING_MILLISECONDS = 30 * DAY_MILLISECONDS
/** Somebody here asks for a little longer. */
const LONGEST_CHANGING_MILLISECONDS = 110 * DAY_MILLISECONDS

// What payers, their banks and the provider's own people do, without anybody here having asked for it.

/** A payer does something at a page, if it is still open. */
export function usePage(provider: ProviderState, session: Session, mood: Mood, now: number): void {
  provider.expireSessions(now)
  if (session.status !== 'open') return
  if (session.mode === 'setup') enterCard(provider, session, mood, now)
  else payAt(provider, session, mood, now)
}

function enterCard(provider: ProviderState, session: Session, mood: Mood, now: number): void {
  session.status = 'complete'
  session.customerId ??= provider.newCustomer()
  const { metadata, customerId } = session
  const card = provider.newCard(customerId, mood, now)
  provider.notices.add('checkout.session.completed', showSession(session), now)
  const setup = { id: session.id.replace('cs', 'seti'), object: 'setup_intent', status: 'succeeded' }
  const told = { ...setup, metadata, customer: customerId, payment_method: card.id }
  provider.notices.add('setup_intent.succeeded', told, now)
}

function payAt(provider: ProviderState, session: Session, mood: Mood, now: number): void {
  const isDeclined = mood === 'declines' || mood === 'asks'
  const intent = intentOf(provider, session, now)
  intent.status = isDeclined ? 'requires_payment_method' : mood === 'pays' ? 'succeeded' : 'processing'
  intent.failureCode = isDeclined ? DECLINED : undefined
  if (!isDeclined) {
    session.status = 'complete'
    session.isPaid = mood === 'pays'
    if (session.keepsCard) {
      session.customerId ??= provider.newCustomer()
      intent.customerId = session.customerId
      intent.cardId = provider.newCard(session.customerId, mood, now).id
    }
    provider.notices.add('checkout.session.completed', showSession(session), now)
  }
  provider.tellIntent(intent, now)
}

/** A page has one payment, however often it is tried. */
function intentOf(provider: ProviderState, session: Session, now: number): Intent {
  const known = provider.intents.find(({ id }) => id === session.intentId)
  if (known) return known
  const { id: sessionId, metadata, cents, customerId, keepsCard } = session
  const asked = { metadata, cents, customerId, keepsCard, sessionId, createdAt: now }
  const intent = provider.newIntent({ status: 'processing', ...asked })
  session.intentId = intent.id
  return intent
}

/** The bank of a payment that it has thought about says what it thinks. */
export function decide(provider: ProviderState, intent: Intent, isPaid: boolean, now: number): void {
  if (intent.status !== 'processing') return
  intent.status = isPaid ? 'succeeded' : 'requires_payment_method'
  intent.failureCode = isPaid ? undefined : DECLINED
  const session = provider.sessions.find(({ id }) => id === intent.sessionId)
  if (session) {
    session.isPaid = isPaid
    const type = `checkout.session.async_payment_${isPaid ? 'succeeded' : 'failed'}`
    provider.notices.add(type, showSession(session), now)
  }
  provider.tellIntent(intent, now)
}

/** A card is not kept any more, and nobody here has asked for that. */
export function loseCard(provider: ProviderState, card: Card, now: number): void {
  if (!card.isKept) return
  card.isKept = false
  provider.notices.add('payment_method.detached', showCard(card), now)
}

/** A refund reaches its card, or fails: sooner, or long after it was said to have arrived. */
export function decideRefund(provider: ProviderState, refund: Refund, isDone: boolean, now: number): void {
  if (refund.status === 'failed' || (isDone && refund.status === 'succeeded')) return
  if (refund.arrivedAt !== undefined && now - refund.arrivedAt > LONGEST_FAILING_MILLISECONDS) return
  if (isDone) refund.arrivedAt = now
  refund.status = isDone ? 'succeeded' : 'failed'
  provider.notices.add(isDone ? 'refund.updated' : 'refund.failed', showRefund(refund), now)
}

/** Somebody refunds a payment at the provider, and not by way of us. */
export function refundByHand(provider: ProviderState, intent: Intent, cents: number, now: number): void {
  const most = Math.min(cents, provider.refundableCents(intent))
  if (intent.status === 'succeeded' && most > 0) provider.newRefund(intent, most, {}, now)
}

/** A payer's bank asks about a payment, or wants it back. */
export function openDispute(provider: ProviderState, intent: Intent, isInquiry: boolean, now: number): void {
  const cents = provider.refundableCents(intent)
  const isOpen = provider.disputes.some(({ intentId }) => intentId === intent.id)
  if (intent.status !== 'succeeded' || isOpen || cents <= 0) return
  const status = isInquiry ? 'warning_needs_response' : 'needs_response'
  const id = `du_${provider.disputes.length + 1}`
  const dispute: Dispute = { id, intentId: intent.id, cents, status, createdAt: now, changedAt: now }
  provider.disputes.push(dispute)
  provider.tellDispute(dispute, status, 'created', now)
  if (!isInquiry) provider.tellDispute(dispute, status, 'funds_withdrawn', now)
}

/** What becomes of a dispute next. An inquiry comes to nothing or becomes a dispute; what was decided may be decided anew. */
export function moveDispute(provider: ProviderState, dispute: Dispute, isGood: boolean, now: number): void {
  const isDecided = dispute.status === 'won' || dispute.status === 'lost'
  if (isDecided && now - dispute.changedAt > LONGEST_CHANGING_MILLISECONDS) return
  const isTaken = dispute.status === 'needs_response' || dispute.status === 'lost'
  if (isTaken && isGood) provider.tellDispute(dispute, 'won', 'funds_reinstated', now)
  if (isTaken) provider.tellDispute(dispute, isGood ? 'won' : 'lost', 'closed', now)
  else if (!isGood) takeDisputed(provider, dispute, now)
  else if (dispute.status === 'warning_needs_response')
    provider.tellDispute(dispute, 'warning_closed', 'closed', now)
}

/** As long as the payment was not refunded meanwhile. */
function takeDisputed(provider: ProviderState, dispute: Dispute, now: number): void {
  const intent = provider.intents.find(({ id }) => id === dispute.intentId)!
  if (dispute.status !== 'warning_closed' && dispute.cents <= provider.refundableCents(intent))
    provider.tellDispute(dispute, 'needs_response', 'funds_withdrawn', now)
}
