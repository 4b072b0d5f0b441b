import type { BoundaryCall, BoundaryReply } from '../boundary.ts'
import {
  isTaken,
  type Metadata,
  type Session,
  showCard,
  showDispute,
  showIntent,
  showRefund,
  showSession,
} from './objects.ts'
import { loseCard } from './outside.ts'
import { ASKED, DECLINED, ProviderState } from './state.ts'

const DAY_MILLISECONDS = 86_400_000

type Answered = { at: number; request: string; reply: BoundaryReply }
type Asked = { id: string; form: URLSearchParams; query: URLSearchParams; now: number }

/** The payment provider as its SDK asks it: https://docs.stripe.com/api, the few endpoints that are used. */
export class PaymentProvider extends ProviderState {
  private readonly answered = new Map<string, Answered>()
  private readonly endpoints: Record<string, (asked: Asked) => BoundaryReply> = {
    'POST customers': () => done({ id: this.newCustomer(), object: 'customer' }),
    'POST checkout/sessions': (asked) => this.openSession(asked),
    'GET checkout/sessions id': ({ id }) => one(this.sessions, id, showSession),
    'POST payment_intents': (asked) => this.charge(asked),
    'GET payment_intents id': ({ id }) => one(this.intents, id, showIntent),
    'GET payment_intents': ({ query }) =>
      list(
        this.intents.filter(({ customerId }) => customerId === query.get('customer')),
        showIntent,
      ),
    'GET payment_methods id': ({ id }) => one(this.cards, id, showCard),
    'POST payment_methods id detach': (asked) => this.detach(asked),
    'POST refunds': (asked) => this.refund(asked),
    'GET refunds': ({ query }) =>
      list(
        this.refunds.filter(({ intentId }) => [null, intentId].includes(query.get('payment_intent'))),
        showRefund,
      ),
    'GET disputes id': ({ id }) => one(this.disputes, id, showDispute),
    'GET disputes': ({ query }) =>
      list(
        this.disputes.filter(({ intentId }) => [null, intentId].includes(query.get('payment_intent'))),
        showDispute,
      ),
  }

  /**
   * Answers a request. A key is remembered for a day, with whatever was answered to it; the same key with another request is refused:
   * https://docs.stripe.com/api/idempotent_requests. `failing`: it answers 500, and may have done what was asked for all the same.
   */
  answer(call: BoundaryCall, now: number, failing?: { isDone: boolean }): BoundaryReply {
    this.expireSessions(now)
    const key = call.headers['Idempotency-Key']
    const known = key === undefined ? undefined : this.answered.get(key)
    const request = `${call.operation} ${call.body}`
    if (known && now - known.at < DAY_MILLISECONDS) {
      if (known.request === request) return known.reply
      return failure(400, { type: 'idempotency_error', message: 'the key was used for another request' })
    }
    const reply = failing?.isDone === false ? BROKEN : this.carryOut(call, now)
    const answered = { at: now, request, reply: failing ? BROKEN : reply }
    // What was refused as invalid was never begun.
    if (key !== undefined && answered.reply.status !== 400) this.answered.set(key, answered)
    return answered.reply
  }

  private carryOut({ operation, body }: BoundaryCall, now: number): BoundaryReply {
    const [method, address = ''] = operation.split(' ')
    const { pathname, searchParams: query } = new URL(address, 'https://provider.example.com')
    const [, collection = '', id = '', action = ''] =
      /^\/v1\/(checkout\/sessions|\w+)\/?(\w*)\/?(\w*)$/.exec(pathname) ?? []
    const endpoint = this.endpoints[`${method} ${collection}${id && ' id'}${action && ` ${action}`}`]
    if (!endpoint) throw new Error(`the simulated provider knows no ${operation}`)
    return endpoint({ id, form: new URLSearchParams(body), query, now })
  }

  private openSession({ form, now }: Asked): BoundaryReply {
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
    return done(showSession(session))
  }

  private charge({ form, now }: Asked): BoundaryReply {
    const card = this.cards.find(({ id }) => id === form.get('payment_method'))
    const customerId = form.get('customer') ?? undefined
    if (!card?.isKept || card.customerId !== customerId)
      return failure(400, { code: 'resource_missing', param: 'payment_method', message: 'no such card' })
    const { mood } = card
    const asked = {
      metadata: metadataOf(form),
      cents: Number(form.get('amount')),
      customerId,
      createdAt: now,
    }
    const failureCode = mood === 'declines' ? DECLINED : mood === 'asks' ? ASKED : undefined
    const taken = mood === 'pays' ? 'succeeded' : 'processing'
    const status = failureCode ? 'requires_payment_method' : taken
    const intent = this.newIntent({ ...asked, status, cardId: card.id, keepsCard: false, failureCode })
    this.tellIntent(intent, now)
    if (failureCode === undefined) return done(showIntent(intent))
    return failure(402, {
      type: 'card_error',
      code: failureCode === ASKED ? ASKED : 'card_declined',
      decline_code: failureCode,
      message: 'the card was declined',
      payment_intent: showIntent(intent),
    })
  }

  private detach({ id, now }: Asked): BoundaryReply {
    const card = this.cards.find((each) => each.id === id)
    if (!card?.isKept) return missing(id)
    loseCard(this, card, now)
    return done(showCard(card))
  }

  private refund({ form, now }: Asked): BoundaryReply {
    const intent = this.intents.find(({ id }) => id === form.get('payment_intent'))
    const cents = Number(form.get('amount'))
    if (intent?.status !== 'succeeded') return missing(form.get('payment_intent') ?? '')
    if (this.disputes.some((dispute) => dispute.intentId === intent.id && isTaken(dispute)))
      return failure(400, { code: 'charge_disputed', message: 'the payment is disputed' })
    if (cents > this.refundableCents(intent))
      return failure(400, { code: 'charge_already_refunded', message: 'more than is left of it' })
    return done(showRefund(this.newRefund(intent, cents, metadataOf(form), now)))
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

function one<Item extends { id: string }>(
  items: Item[],
  id: string,
  show: (item: Item) => object,
): BoundaryReply {
  const found = items.find((item) => item.id === id)
  return found ? done(show(found)) : missing(id)
}

/** Newest first, all of them on one page. */
function list<Item>(items: Item[], show: (item: Item) => object): BoundaryReply {
  return done({ object: 'list', data: items.toReversed().map(show), has_more: false })
}
