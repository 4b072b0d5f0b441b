import type { CardKeeper } from '../cards/keep-card.store.ts'
import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import { payIn } from '../ledger/decide-payment.ts'
import { owedChangeOf } from '../ledger/entry.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import type { PaymentNews } from './payment-provider.ts'
import type { TopUpStore } from './top-up.store.ts'
import { decideNews, type TopUp } from './top-up.ts'
import { topUpMovement } from './top-up-entry.ts'

export type TopUpSettlementOptions = {
  topUps: TopUpStore
  cards: Pick<CardKeeper, 'keep'>
  ledger: Pick<Ledger, 'post'>
}

/** How often a top-up may change under our hands before its event is left to the provider's next delivery. */
const TRIES = 5

/** Credits payments. */
export function createTopUpSettlement({ topUps, cards, ledger }: TopUpSettlementOptions) {
  /**
   * Does what an event says, once, in whatever order and however often events come: a payment that matches its top-up in
   * amount, currency and ids is credited in the very transaction that makes the top-up `settled`. What does not match is
   * marked and never credited. Throws `busy` when the event has to come again.
   */
  async function receive(news: PaymentNews, at: string): Promise<void> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const topUp = await topUps.read(news.accountId, news.topUpId)
      if (!topUp) return log.warn('an event of a payment that is not ours', nameOf(news))
      if (await apply(topUp, news, at)) return keepCard(topUp, news, at)
    }
    throw new Problem('busy', 'The top-up kept changing; the event has to come again.')
  }

  /** True when the event is dealt with; false when the top-up has changed meanwhile and must be read again. */
  async function apply(topUp: TopUp, news: PaymentNews, at: string): Promise<boolean> {
    const decision = decideNews(topUp, news)
    switch (decision.kind) {
      case 'ignore':
        return true
      case 'paid_twice':
        log.error('a top-up was paid a second time; nothing was credited for it', nameOf(news))
        // Of a third only the log tells, until staff have looked at the second.
        if (topUp.secondPaymentId !== undefined && topUp.resolution === undefined) return true
        return (
          (await topUps.note(topUp, { secondPaymentId: news.paymentId, resolution: undefined }, at)) !==
          undefined
        )
      case 'change': {
        const { status, failureCode, mismatch } = decision
        if (status === 'mismatched')
          log.error('a payment does not match its top-up; nothing was credited', {
            ...nameOf(news),
            mismatch,
          })
        return (await topUps.move(topUp, status, at, { failureCode, mismatch })).status === status
      }
      case 'settle':
        return settle(topUp, news, at)
    }
  }

  async function settle(topUp: TopUp, news: PaymentNews, at: string): Promise<boolean> {
    const { accountId, topUpId, amountMicros, currency } = topUp
    const { paymentId, sessionId } = news
    const posted = await ledger.post<MovementRefusal>({
      accountId,
      key: `top-up:${topUpId}`,
      requestHash: requestHash({ topUpId, amountMicros, currency }),
      at,
      decide: (head) => {
        const decision = payIn(head, topUpMovement(topUp, paymentId))
        if (!decision.ok) return decision
        const settled = {
          ...{ settledAt: at, entrySequence: head.sequence + 1n, paymentId, sessionId },
          paidOwedMicros: -owedChangeOf(decision.draft) || undefined,
        }
        return { ...decision, documents: [{ Put: topUps.changeOf(topUp, 'settled', at, settled) }] }
      },
    })
    // Credited by another event meanwhile: read again, since this one may tell of a second payment.
    if (posted.ok) return !posted.replayed
    switch (posted.reason) {
      case 'document_changed':
        return false
      case 'busy':
        throw new Problem('busy', 'The event has to come again.')
      case 'idempotency_key_reused':
      case 'account_not_found':
      case 'account_parked':
      case 'insufficient_credit':
        throw new Error(`top-up ${topUpId} could not be credited: ${posted.reason}`)
      case 'account_closed':
      case 'wrong_currency': {
        log.error('a payment cannot be credited', { ...nameOf(news), reason: posted.reason })
        return (
          (await topUps.move(topUp, 'mismatched', at, { mismatch: posted.reason })).status === 'mismatched'
        )
      }
    }
  }

  async function keepCard(topUp: TopUp, news: PaymentNews, at: string): Promise<void> {
    if (news.outcome !== 'paid' || !news.card || !topUp.saveCard) return
    const { paymentMethodId } = news.card
    await cards.keep({ accountId: topUp.accountId, paymentMethodId }, at)
  }

  return { receive }
}

function nameOf({ accountId, topUpId, paymentId, sessionId, outcome }: PaymentNews) {
  return { accountId, topUpId, paymentId, sessionId, outcome }
}
