import type { Account } from '../accounts/account.ts'
import type { AutoTopUpStore } from '../auto-top-up/auto-top-up.store.ts'
import { postingProblem } from '../edge/posting-problem.ts'
import { Problem } from '../edge/problem.ts'
import type { AccountUnavailable } from '../ledger/decide-movement.ts'
import { type MoreThanUnspent, refundToCard } from '../ledger/decide-payment.ts'
import type { Ledger, TransactItem } from '../ledger/ledger.store.ts'
import { money } from '../ledger/money.ts'
import type { TopUpStore } from '../top-up/top-up.store.ts'
import type { TopUp } from '../top-up/top-up.ts'
import type { RefundStore } from './refund.store.ts'
import { type Refund, refundedOf } from './refund.ts'
import { CASH, refundDetail, refundHash } from './refund-entry.ts'
import type { RefundSettlement } from './settle-refund.store.ts'

export type RefundBeginningOptions = {
  refunds: RefundStore
  topUps: Pick<TopUpStore, 'read' | 'noteOf'>
  ledger: Pick<Ledger, 'post' | 'readEntry'>
  settlement: Pick<RefundSettlement, 'ask' | 'reconcileRefund'>
  autoTopUps: Pick<AutoTopUpStore, 'offForRefund'>
}
export type RefundBeginning = ReturnType<typeof createRefundBeginning>

export type Beginning = {
  refund: Refund
  topUp: TopUp
  /** Who takes the credit: who asked for it alone, or who approved it. */
  actor: string
  /** Writes the document as `asked`: a new one, or over the one that waited. */
  put: (
    changes: Pick<Refund, 'askedAt' | 'entrySequence' | 'switchesOffAutoTopUp'>,
  ) => NonNullable<TransactItem['Put']>
  now: Date
}

/** Takes the credit of a refund, and then asks for it. */
export function createRefundBeginning(options: RefundBeginningOptions) {
  const { refunds, topUps, ledger, settlement, autoTopUps } = options

  /** A top-up that has become credit. Throws the `Problem` of any other. */
  async function readPaid({ accountId }: Account, topUpId: string): Promise<TopUp> {
    const topUp = await topUps.read(accountId, topUpId)
    if (!topUp) throw new Problem('top_up_not_found', `Account ${accountId} has no top-up ${topUpId}.`)
    if (topUp.status !== 'settled' || topUp.paymentId === undefined)
      throw new Problem('top_up_not_settled', `It is ${topUp.status}: no credit came of it.`)
    return topUp
  }

  /**
   * Takes the credit and notes the refund as `asked`, in one transaction that counts it with its top-up, and switches
   * automatic top-up off where that would charge the card anew for what was refunded; only then asks the provider.
   * Undefined when the refund, its top-up or that has changed since it was read: all are to be read again.
   */
  async function begin({ refund, topUp, actor, put, now }: Beginning): Promise<Refund | undefined> {
    const { accountId, refundId, amountMicros, currency } = refund
    const at = now.toISOString()
    const payment = await ledger.readEntry(accountId, topUp.entrySequence!)
    if (!payment) throw new Error(`top-up ${topUp.topUpId} has no entry`)
    const switchOff = await autoTopUps.offForRefund(accountId, at)
    const posted = await ledger.post<AccountUnavailable | MoreThanUnspent>({
      accountId,
      key: `top-up-refund:${refundId}`,
      requestHash: refundHash(refund),
      at,
      decide: (head) => {
        const said = { reason: refund.reason, actor, detail: refundDetail(refund) }
        const decision = refundToCard(head, payment, { ...said, amountMicros, contra: CASH })
        if (!decision.ok) return decision
        const off = switchOff?.(head.availableMicros - amountMicros) ?? []
        const switchesOffAutoTopUp = off.length > 0 || undefined
        const asked = put({ askedAt: at, entrySequence: head.sequence + 1n, switchesOffAutoTopUp })
        const counted = topUps.noteOf(topUp, refundedOf(topUp, refund))
        return { ...decision, documents: [{ Put: asked }, { Put: counted }, ...off] }
      },
    })
    if (!posted.ok) {
      if (posted.reason === 'document_changed') return undefined
      if (posted.reason === 'more_than_unspent') throw moreThanUnspent(posted.unspentMicros, currency)
      throw postingProblem(posted, currency)
    }
    const noted = await refunds.read(accountId, refundId)
    if (!noted) throw new Error(`refund ${refundId} is not there`)
    return posted.replayed ? settlement.reconcileRefund(noted, now) : settlement.ask(noted, now)
  }

  return { readPaid, begin }
}

export function moreThanUnspent(unspentMicros: bigint, currency: string): Problem {
  const unspent = money(unspentMicros, currency)
  const detail = `${unspent.amount} ${currency} of this top-up are unspent; only that goes back to its card.`
  return new Problem('more_than_unspent', `amount: ${detail}`, {
    errors: [{ field: 'amount', detail }],
    extra: { unspent },
  })
}

export function refundBusy(): Problem {
  return new Problem('busy', 'The top-up or its refund kept changing. With the same key it is done once.')
}
