import { Notices } from './notices.ts'
import {
  type Card,
  type Dispute,
  type Intent,
  isTaken,
  type Metadata,
  type Mood,
  type Refund,
  type Session,
  showDispute,
  showIntent,
  showRefund,
  showSession,
} from './objects.ts'

const DAY_MILLISECONDS = 86_400_000
export const DECLINED = 'insufficient_funds'
export const ASKED = 'authentication_required'

/** All that the provider keeps, and what it tells whenever some of it changes. */
export class ProviderState {
  readonly sessions: Session[] = []
  readonly intents: Intent[] = []
  readonly cards: Card[] = []
  readonly refunds: Refund[] = []
  readonly disputes: Dispute[] = []
  readonly notices = new Notices()
  private customerCount = 0

  newCustomer(): string {
    this.customerCount += 1
    return `cus_${this.customerCount}`
  }

  newCard(customerId: string, mood: Mood, now: number): Card {
    const card = { id: `pm_${this.cards.length + 1}`, customerId, mood, isKept: true, createdAt: now }
    this.cards.push(card)
    return card
  }

  newIntent(intent: Omit<Intent, 'id'>): Intent {
    const created = { id: `pi_${this.intents.length + 1}`, ...intent }
    this.intents.push(created)
    return created
  }

  newRefund(intent: Intent, cents: number, metadata: Metadata, now: number): Refund {
    const id = `re_${this.refunds.length + 1}`
    const refund: Refund = { id, intentId: intent.id, cents, status: 'pending', metadata, createdAt: now }
    this.refunds.push(refund)
    this.notices.add('refund.created', showRefund(refund), now)
    return refund
  }

  /** Pages that nobody has paid at for a day. */
  expireSessions(now: number): void {
    for (const session of this.sessions)
      if (session.status === 'open' && now - session.createdAt >= DAY_MILLISECONDS) this.close(session, now)
  }

  close(session: Session, now: number): void {
    session.status = 'expired'
    this.notices.add('checkout.session.expired', showSession(session), now)
  }

  tellIntent(intent: Intent, now: number): void {
    const { id, status, metadata, cents } = intent
    const what = status === 'requires_payment_method' ? 'payment_failed' : status
    this.notices.add(`payment_intent.${what}`, showIntent(intent), now)
    const charge = { id: id.replace('pi', 'ch'), object: 'charge', metadata, amount: cents }
    if (status === 'succeeded') this.notices.add('charge.succeeded', charge, now)
  }

  tellDispute(dispute: Dispute, status: Dispute['status'], what: string, now: number): void {
    if (dispute.status !== status) dispute.changedAt = now
    dispute.status = status
    this.notices.add(`charge.dispute.${what}`, showDispute(dispute), now)
  }

  /** What of a payment is neither refunded nor disputed. */
  refundableCents(intent: Intent): number {
    const gone = [
      ...this.refunds.filter(({ intentId, status }) => intentId === intent.id && status !== 'failed'),
      ...this.disputes.filter((dispute) => dispute.intentId === intent.id && isTaken(dispute)),
    ]
    return intent.cents - gone.reduce((sum, { cents }) => sum + cents, 0)
  }

  /** What the provider holds of an account. */
  heldCents(accountId: string): number {
    return this.intents
      .filter(({ metadata, status }) => metadata.accountId === accountId && status === 'succeeded')
      .reduce((sum, intent) => sum + this.refundableCents(intent), 0)
  }
}
