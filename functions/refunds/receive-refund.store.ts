import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { idFromKey } from '../edge/request-id.ts'
import { takeBack } from '../ledger/decide-payment.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import type { PaymentOwner, PaymentProvider, ProviderRefund } from '../top-up/payment-provider.ts'
import type { createTopUpSettlement } from '../top-up/settle-top-up.store.ts'
import type { TopUpStore } from '../top-up/top-up.store.ts'
import type { TopUp } from '../top-up/top-up.ts'
import type { RefundStore } from './refund.store.ts'
import { type Refund, refundedOf, refundIdSchema } from './refund.ts'
import { CASH, refundDetail, refundHash, SYSTEM } from './refund-entry.ts'
import type { RefundSettlement } from './settle-refund.store.ts'

export type RefundNewsOptions = {
  refunds: Pick<RefundStore, 'read' | 'creationOf'>
  topUps: Pick<TopUpStore, 'read' | 'noteOf'>
  ledger: Pick<Ledger, 'post' | 'readEntry'>
  /** Credits a top-up whose refund is heard of before its payment. */
  topUpSettlement: Pick<ReturnType<typeof createTopUpSettlement>, 'receive'>
  settlement: Pick<RefundSettlement, 'follow'>
  provider: () => Promise<Pick<PaymentProvider, 'findOwner' | 'lookUpPayment' | 'lookUpRefunds'>>
}

/** How often a top-up may change under our hands before its event is left to the provider's next delivery. */
const TRIES = 6

/** What the provider says of refunds: ours, and those that somebody has made there. */
export function createRefundNews(options: RefundNewsOptions) {
  const { refunds, topUps, ledger, topUpSettlement, settlement, provider } = options

  /**
   * Brings all refunds of a payment to the state that the provider has them in by now, so that neither the order of its
   * events nor their number matters. Throws `busy` when the event has to come again.
   */
  async function receive({ paymentId }: { paymentId: string }, at: string): Promise<void> {
    const topUp = await readSettled(paymentId, at)
    if (!topUp) return
    const found = await (await provider()).lookUpRefunds(paymentId)
    if (!found.ok) throw comeAgain('The payment provider did not say which refunds there are')
    for (const each of found.refunds) await take(topUp, each, at)
  }

  /** The top-up that a payment has credited; it is credited first where that has not been heard of. Undefined for any other. */
  async function readSettled(paymentId: string, at: string): Promise<TopUp | undefined> {
    const found = await (await provider()).findOwner(paymentId)
    if (!found.ok) throw comeAgain('The payment provider did not say whose payment it is')
    const topUp = found.owner && (await readOrSettle(found.owner, paymentId, at))
    if (topUp?.status === 'settled' && (topUp.paymentId ?? paymentId) === paymentId) return topUp
    // Of none of ours, not what was asked for, or paid once too often: it became no credit, so none goes.
    log.info('a refund of a payment that credited nothing', { paymentId, ...found.owner })
    return undefined
  }

  async function readOrSettle({ accountId, topUpId }: PaymentOwner, paymentId: string, at: string) {
    const topUp = await topUps.read(accountId, topUpId)
    if (!topUp || topUp.status === 'settled' || topUp.status === 'mismatched') return topUp
    const payment = await (await provider()).lookUpPayment({ ...topUp, sessionId: undefined, paymentId })
    if (!payment.ok || !('news' in payment) || payment.news.outcome !== 'paid')
      throw comeAgain('The payment of this refund is not there yet')
    await topUpSettlement.receive(payment.news, at)
    const settled = await topUps.read(accountId, topUpId)
    if (settled?.status !== 'settled' && settled?.status !== 'mismatched')
      throw comeAgain('The payment of this refund is not credited yet')
    return settled
  }

  async function take(topUp: TopUp, found: ProviderRefund, at: string): Promise<void> {
    const { accountId } = topUp
    const ourId = refundIdSchema.safeParse(found.refundId).data
    const ours = ourId && (await refunds.read(accountId, ourId))
    if (ours && (await settlement.follow(ours, found, at))) return
    const refundId = idFromKey('ref', `${accountId}/provider`, found.providerRefundId)
    // What has failed before anybody heard of it has moved nothing.
    const theirs =
      (await refunds.read(accountId, refundId)) ??
      (found.status === 'failed' ? undefined : await post(topUp, newRefund(topUp, found, refundId, at), at))
    if (theirs) await settlement.follow(theirs, found, at)
  }

  /**
   * A refund that was made at the provider: its money is gone already, so its credit is taken, once, as far as there is any,
   * and the rest is owed.
   */
  async function post(topUp: TopUp, refund: Refund, at: string): Promise<Refund> {
    const { accountId, topUpId } = topUp
    log.warn('a refund was made at the payment provider', { accountId, topUpId, refundId: refund.refundId })
    const payment = await ledger.readEntry(accountId, topUp.entrySequence!)
    if (!payment) throw new Error(`top-up ${topUpId} has no entry`)
    for (let attempt = 0, counted = topUp; attempt < TRIES; attempt++) {
      const posted = await ledger.post<never>({
        accountId,
        key: `provider-refund:${refund.providerRefundId}`,
        requestHash: refundHash(refund),
        at,
        decide: (head) => {
          const said = { reason: refund.reason, actor: SYSTEM, detail: refundDetail(refund) }
          const { amountMicros } = refund
          const taken = { ...said, kind: 'top_up_refund' as const, amountMicros, contra: CASH } as const
          const asked = refunds.creationOf({ ...refund, entrySequence: head.sequence + 1n })
          const noted = topUps.noteOf(counted, refundedOf(counted, refund))
          return { ...takeBack(head, payment, taken), documents: [{ Put: asked }, { Put: noted }] }
        },
      })
      if (posted.ok) return (await refunds.read(accountId, refund.refundId))!
      if (posted.reason !== 'document_changed' && posted.reason !== 'busy')
        throw new Error(`refund ${refund.providerRefundId} could not be posted: ${posted.reason}`)
      counted = (await topUps.read(accountId, topUpId))!
    }
    throw comeAgain('The top-up kept changing')
  }

  return { receive }
}

function newRefund(topUp: TopUp, found: ProviderRefund, refundId: string, at: string): Refund {
  const { accountId, topUpId, currency } = topUp
  const { providerRefundId, paymentId, amountMicros } = found
  if (found.currency !== currency)
    throw new Error(`refund ${providerRefundId} is in ${found.currency}, its top-up in ${currency}`)
  return {
    ...{ refundId, accountId, topUpId, paymentId, providerRefundId, amountMicros, currency },
    origin: 'provider',
    status: 'asked',
    reason: 'Made at the payment provider',
    requestHash: '',
    requestedBy: SYSTEM,
    askedAt: at,
    createdAt: at,
    changedAt: at,
    revision: 0n,
  }
}

function comeAgain(why: string): Problem {
  return new Problem('busy', `${why}; the event has to come again.`)
}
