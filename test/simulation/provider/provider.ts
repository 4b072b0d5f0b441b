import type { BoundaryCall, BoundaryReply } from '../boundary.ts'
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
  showCard,
  showDispute,
  showIntent,
  showRefund,
  showSession,
} from './objects.ts'

const DAY_MILLISECONDS = 86_400_000
const DECLINED = 'insufficient_funds'
const ASKED = 'authentication_required'

type Answered = { at: number; request: string; reply: BoundaryReply }

/** The payment provider: what it was asked for, once per idempotency key, and what payers, banks and its staff do there. */
export class PaymentProvider {
  readonly sessions: Session[] = []
  readonly intents: Intent[] = []
  readonly cards: Card[] = []
  readonly refunds: Refund[] = []
  readonly disputes: Dispute[] = []
  readonly notices = new Notices()
  private readonly answered = new Map<string, Answered>()
  private customerCount = 0

  /**
   * Answers a request. A key is remembered for a day, with whatever was answered to it; the same key with another request is refused:
   * https://docs.stripe.com/api/idempotent_requests. `isFailing`: it answers 500, and may have done what was asked for all the same.
   */
  answer(call: BoundaryCall, now: number, isFailing?: { isDone: boolean }): BoundaryReply {
    this.expireSessions(now)
    const key = call.headers['Idempotency-Key']
    const known = key === undefined ? undefined : this.answered.get(key)
    const request = `${call.operation} ${call.body}`
    if (known && now - known.at < DAY_MILLISECONDS) {
      if (known.request === request) return known.reply
      return failure(400, { type: 'idempotency_error', message: 'the key was used for another request' })
    }
    if (isFailing && !isFailing.isDone) return this.keep(key, { at: now, request, reply: BROKEN })
    const reply = this.carryOut(call, now)
    return this.keep(key, { at: now, request, reply: isFailing ? BROKEN : reply })
  }

  private keep(key: string | undefined, answered: Answered): BoundaryReply {
    // What was refused as invalid was never begun.
    if (key !== undefined && answered.reply.status !== 400) this.answered.set(key, answered)
    return answered.reply
  }

  private carryOut({ operation, body }: BoundaryCall, now: number): BoundaryReply {
    const [method, address = ''] = operation.split(' ')
    const { pathname, searchParams } = new URL(address, 'https://provider.example.com')
    const [, collection = '', id = '', action = ''] =
      /^\/v1\/(checkout\/sessions|\w+)\/?(\w*)\/?(\w*)$/.exec(pathname) ?? []
    const form = new URLSearchParams(body)
    const one = <Item extends { id: string }>(items: Item[], show: (item: Item) => object) => {
      const found = items.find((item) => item.id === id)
      return found ? done(show(found)) : missing(id)
    }
    switch (`${method} ${collection}${id && ' id'}${action && ` ${action}`}`) {
      case 'POST customers':
        return done({ id: this.newCustomer(), object: 'customer' })
      case 'POST checkout/sessions':
        return done(showSession(this.openSession(form, now)))
      case 'GET checkout/sessions id':
        return one(this.sessions, showSession)
      case 'POST checkout/sessions id expire':
        return this.expire(id, now)
      case 'POST payment_intents':
        return this.charge(form, now)
      case 'GET payment_intents id':
        return one(this.intents, showIntent)
      case 'GET payment_intents':
        return list(
          this.intents
            .filter(({ customerId }) => customerId === searchParams.get('customer'))
            .map(showIntent),
        )
      case 'GET payment_methods id':
        return one(this.cards, showCard)
      case 'POST payment_methods id detach':
        return this.detach(id, now)
      case 'POST refunds':
        return this.refund(form, now)
      case 'GET refunds id':
        return one(this.refunds, showRefund)
      case 'GET refunds':
        return list(
          this.refunds
            .filter(({ intentId }) => intentId === searchParams.get('payment_intent'))
            .map(showRefund),
        )
      case 'GET disputes id':
        return one(this.disputes, showDispute)
      case 'GET disputes':
        return list(
          this.disputes
            .filter(({ intentId }) => intentId === searchParams.get('payment_intent'))
            .map(showDispute),
        )
      default:
        throw new Error(`the simulated provider knows no ${operation}`)
    }
  }

  private newCustomer(): string {
    this.customerCount += 1
    return `cus_${this.customerCount}`
  }

  private openSession(form: URLSearchParams, now: number): Session {
    const session: Session = {
      id: `cs_${this.sessions.length + 1}`,
      mode: form.get('mode') === 'setup' ? 'setup' : 'payment',
      status: 'open',
      isPaid: false,
      metadata: metadataOf(form),
      cents: Number(form.get('line_items[0][price_data][unit_amount]')),
      keepsCard: form.has('payment_intent_data[setup_future_usage]'),
      customerId: form.get('customer') ?? undefined,
      createdAt: now,
    }
    this.sessions.push(session)
    return session
  }

  private expire(id: string, now: number): BoundaryReply {
    const session = this.sessions.find((each) => each.id === id)
    if (!session) return missing(id)
    if (session.status !== 'open') return failure(400, { message: 'only an open session can expire' })
    this.close(session, now)
    return done(showSession(session))
  }

  /** Pages that nobody has paid at for a day. */
  private expireSessions(now: number): void {
    for (const session of this.sessions)
      if (session.status === 'open' && now - session.createdAt >= DAY_MILLISECONDS) this.close(session, now)
  }

  private close(session: Session, now: number): void {
    session.status = 'expired'
    this.notices.add('checkout.session.expired', showSession(session), now)
  }

  private charge(form: URLSearchParams, now: number): BoundaryReply {
    const card = this.cards.find(({ id }) => id === form.get('payment_method'))
    const customerId = form.get('customer') ?? undefined
    if (!card?.isKept || card.customerId !== customerId)
      return failure(400, { code: 'resource_missing', param: 'payment_method', message: 'no such card' })
    const intent = this.newIntent({
      status:
        card.mood === 'pays'
          ? 'succeeded'
          : card.mood === 'thinks'
            ? 'processing'
            : 'requires_payment_method',
      metadata: metadataOf(form),
      cents: Number(form.get('amount')),
      customerId,
      cardId: card.id,
      keepsCard: false,
      failureCode: card.mood === 'declines' ? DECLINED : card.mood === 'asks' ? ASKED : undefined,
      createdAt: now,
    })
    this.tellIntent(intent, now)
    const { failureCode } = intent
    if (failureCode === undefined) return done(showIntent(intent))
    return failure(402, {
      type: 'card_error',
      code: failureCode === ASKED ? ASKED : 'card_declined',
      decline_code: failureCode,
      message: 'the card was declined',
      payment_intent: showIntent(intent),
    })
  }

  private newIntent(intent: Omit<Intent, 'id'>): Intent {
    const created = { id: `pi_${this.intents.length + 1}`, ...intent }
    this.intents.push(created)
    return created
  }

  private tellIntent(intent: Intent, now: number): void {
    const types = {
      succeeded: 'succeeded',
      processing: 'processing',
      requires_payment_method: 'payment_failed',
    }
    this.notices.add(`payment_intent.${types[intent.status]}`, showIntent(intent), now, intent.id)
    if (intent.status !== 'succeeded') return
    const charge = {
      id: intent.id.replace('pi', 'ch'),
      object: 'charge',
      metadata: intent.metadata,
      amount: intent.cents,
    }
    this.notices.add('charge.succeeded', charge, now, intent.id)
  }

  private detach(id: string, now: number): BoundaryReply {
    const card = this.cards.find((each) => each.id === id)
    if (!card?.isKept) return missing(id)
    card.isKept = false
    this.notices.add('payment_method.detached', showCard(card), now)
    return done(showCard(card))
  }

  private refund(form: URLSearchParams, now: number): BoundaryReply {
    const intent = this.intents.find(({ id }) => id === form.get('payment_intent'))
    const cents = Number(form.get('amount'))
    if (intent?.status !== 'succeeded') return missing(form.get('payment_intent') ?? '')
    if (this.disputes.some((dispute) => dispute.intentId === intent.id && isTaken(dispute)))
      return failure(400, { code: 'charge_disputed', message: 'the payment is disputed' })
    if (cents > this.refundableCents(intent))
      return failure(400, { code: 'charge_already_refunded', message: 'more than is left of it' })
    return done(showRefund(this.newRefund(intent, cents, metadataOf(form), now)))
  }

  private newRefund(intent: Intent, cents: number, metadata: Metadata, now: number): Refund {
    const refund: Refund = {
      id: `re_${this.refunds.length + 1}`,
      intentId: intent.id,
      cents,
      status: 'pending',
      metadata,
      createdAt: now,
    }
    this.refunds.push(refund)
    this.notices.add('refund.created', showRefund(refund), now, intent.id)
    return refund
  }

  private refundableCents(intent: Intent): number {
    const gone = [
      ...this.refunds.filter(({ intentId, status }) => intentId === intent.id && status !== 'failed'),
      ...this.disputes.filter((dispute) => dispute.intentId === intent.id && isTaken(dispute)),
    ]
    return intent.cents - gone.reduce((sum, { cents }) => sum + cents, 0)
  }

  /** A payer does something at a page, if it is still open. */
  usePage(session: Session, mood: Mood, now: number): void {
    this.expireSessions(now)
    if (session.status !== 'open') return
    if (session.mode === 'setup') this.enterCard(session, mood, now)
    else this.payAt(session, mood, now)
  }

  private payAt(session: Session, mood: Mood, now: number): void {
    const isDeclined = mood === 'declines' || mood === 'asks'
    if (session.keepsCard) session.customerId ??= this.newCustomer()
    const card = session.keepsCard && !isDeclined ? this.newCard(session.customerId!, mood, now) : undefined
    const { metadata, cents, customerId, keepsCard } = session
    const intent =
      this.intents.find(({ id }) => id === session.intentId) ??
      this.newIntent({
        status: 'processing',
        metadata,
        cents,
        customerId,
        keepsCard,
        sessionId: session.id,
        createdAt: now,
      })
    intent.status = isDeclined ? 'requires_payment_method' : mood === 'pays' ? 'succeeded' : 'processing'
    intent.failureCode = isDeclined ? DECLINED : undefined
    intent.cardId = card?.id
    session.intentId = intent.id
    if (!isDeclined) {
      session.status = 'complete'
      session.isPaid = mood === 'pays'
      this.notices.add('checkout.session.completed', showSession(session), now, intent.id)
    }
    this.tellIntent(intent, now)
  }

  private enterCard(session: Session, mood: Mood, now: number): void {
    session.status = 'complete'
    session.customerId ??= this.newCustomer()
    const card = this.newCard(session.customerId, mood, now)
    this.notices.add('checkout.session.completed', showSession(session), now)
    const setup = { id: session.id.replace('cs', 'seti'), object: 'setup_intent', status: 'succeeded' }
    const { metadata, customerId } = session
    const object = { ...setup, metadata, customer: customerId, payment_method: card.id }
    this.notices.add('setup_intent.succeeded', object, now)
  }

  private newCard(customerId: string, mood: Mood, now: number): Card {
    const card = { id: `pm_${this.cards.length + 1}`, customerId, mood, isKept: true, createdAt: now }
    this.cards.push(card)
    return card
  }

  /** The bank of a payment that it has thought about says what it thinks. */
  decide(intent: Intent, isPaid: boolean, now: number): void {
    if (intent.status !== 'processing') return
    intent.status = isPaid ? 'succeeded' : 'requires_payment_method'
    intent.failureCode = isPaid ? undefined : DECLINED
    const session = this.sessions.find(({ id }) => id === intent.sessionId)
    if (session) {
      session.isPaid = isPaid
      const type = `checkout.session.async_payment_${isPaid ? 'succeeded' : 'failed'}`
      this.notices.add(type, showSession(session), now, intent.id)
    }
    this.tellIntent(intent, now)
  }

  /** A refund reaches its card, or fails: sooner, or long after it was said to have arrived. */
  decideRefund(refund: Refund, isDone: boolean, now: number): void {
    if (refund.status === 'failed' || (isDone && refund.status === 'succeeded')) return
    refund.status = isDone ? 'succeeded' : 'failed'
    this.notices.add(isDone ? 'refund.updated' : 'refund.failed', showRefund(refund), now, refund.intentId)
  }

  /** Somebody refunds a payment at the provider, and not by way of us. */
  refundByHand(intent: Intent, cents: number, now: number): void {
    const most = Math.min(cents, this.refundableCents(intent))
    if (intent.status !== 'succeeded' || most <= 0) return
    this.newRefund(intent, most, {}, now)
  }

  /** A payer's bank asks about a payment, or wants it back. */
  openDispute(intent: Intent, isInquiry: boolean, now: number): void {
    const cents = this.refundableCents(intent)
    const isOpen = this.disputes.some(({ intentId }) => intentId === intent.id)
    if (intent.status !== 'succeeded' || isOpen || cents <= 0) return
    const status = isInquiry ? 'warning_needs_response' : 'needs_response'
    const dispute: Dispute = {
      id: `dp_${this.disputes.length + 1}`,
      intentId: intent.id,
      cents,
      status,
      createdAt: now,
    }
    this.disputes.push(dispute)
    this.tellDispute(dispute, 'created', now)
    if (!isInquiry) this.tellDispute(dispute, 'funds_withdrawn', now)
  }

  /** What becomes of a dispute next. An inquiry comes to nothing or becomes a dispute; a lost one may still be won later. */
  moveDispute(dispute: Dispute, isGood: boolean, now: number): void {
    const intent = this.intents.find(({ id }) => id === dispute.intentId)!
    if (dispute.status === 'warning_needs_response') {
      const cents = Math.min(dispute.cents, this.refundableCents(intent))
      if (isGood || cents <= 0) dispute.status = 'warning_closed'
      else Object.assign(dispute, { status: 'needs_response', cents })
      this.tellDispute(dispute, isGood ? 'closed' : 'funds_withdrawn', now)
    } else if (dispute.status === 'needs_response') {
      dispute.status = isGood ? 'won' : 'lost'
      if (isGood) this.tellDispute(dispute, 'funds_reinstated', now)
      this.tellDispute(dispute, 'closed', now)
    }
  }

  private tellDispute(dispute: Dispute, what: string, now: number): void {
    this.notices.add(`charge.dispute.${what}`, showDispute(dispute), now, dispute.intentId)
  }

  /** What the provider holds of an account: paid, and neither refunded nor disputed. */
  heldCents(accountId: string): number {
    const ours = this.intents.filter(
      ({ metadata, status }) => metadata.accountId === accountId && status === 'succeeded',
    )
    return ours.reduce((sum, intent) => sum + this.refundableCents(intent), 0)
  }
}

function metadataOf(form: URLSearchParams): Metadata {
  const metadata: Metadata = {}
  for (const [name, value] of form) {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1]
    if (key) metadata[key] = value
  }
  return metadata
}

const done = (body: object): BoundaryReply => ({ status: 200, body: JSON.stringify(body) })
const list = (data: object[]) => done({ object: 'list', data: data.toReversed(), has_more: false })
const failure = (status: number, error: Record<string, unknown>): BoundaryReply => ({
  status,
  body: JSON.stringify({ error: { type: 'invalid_request_error', ...error } }),
})
const missing = (id: string) =>
  failure(404, { code: 'resource_missing', param: 'id', message: `no such ${id}` })
/** A reply that says nothing, and stays the same for its key. */
const BROKEN: BoundaryReply = {
  ...failure(500, { type: 'api_error', message: 'we are sorry' }),
  isFault: true,
}
