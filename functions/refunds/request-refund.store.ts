import type { Account } from '../accounts/account.ts'
import { invalidField, Problem, wrongCurrency } from '../edge/problem.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import type { LedgerReader } from '../ledger/ledger-reader.store.ts'
import { formatAmount, parseAmount } from '../ledger/money.ts'
import type { TopUp } from '../top-up/top-up.ts'
import { cardStepMicros } from '../top-up/top-up-amount.ts'
import { moreThanUnspent, type RefundBeginning, refundBusy } from './begin-refund.store.ts'
import type { RefundStore } from './refund.store.ts'
import { needsApproval, type Refund } from './refund.ts'
import type { RefundSettlement } from './settle-refund.store.ts'

export type RefundAsked = {
  account: Account
  topUpId: string
  request: { amount: string; currency: string; reason: string }
  idempotencyKey: string
  actor: string
  now: Date
}

export type RefundRequestOptions = {
  refunds: Pick<RefundStore, 'read' | 'create' | 'creationOf'>
  ledger: Pick<LedgerReader, 'readLots'>
  beginning: RefundBeginning
  settlement: Pick<RefundSettlement, 'reconcileRefund'>
}

/** How often a top-up may change under our hands before the caller is told to try again. */
const TRIES = 6

/** Refunds that staff ask for. */
export function createRefundRequests({ refunds, ledger, beginning, settlement }: RefundRequestOptions) {
  /**
   * Refunds a part of a top-up to its card, at most once per account and idempotency key. Above what one person may refund
   * alone the request is only noted. A repeat goes on where the first was cut off, and gives the refund as it is by then.
   * Throws the `Problem` of a refusal.
   */
  async function request(asked: RefundAsked): Promise<Refund> {
    const { account, topUpId, idempotencyKey, actor, now } = asked
    const { accountId } = account
    const refundId = idFromKey('ref', accountId, idempotencyKey)
    const hash = requestHash({ refund: { topUpId, ...asked.request } })
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const known = await refunds.read(accountId, refundId)
      if (known) return goOn(known, hash, now)
      const topUp = await beginning.readPaid(account, topUpId)
      const refund = newRefund(asked, topUp, refundId, hash)
      const begun = needsApproval(topUp, actor, refund.amountMicros)
        ? await submit(refund, topUp)
        : await beginning.begin({
            ...{ refund, topUp, actor, now },
            put: (changes) => refunds.creationOf({ ...refund, ...changes, status: 'asked' }),
          })
      if (begun) return begun
    }
    throw refundBusy()
  }

  async function goOn(refund: Refund, hash: string, now: Date): Promise<Refund> {
    if (refund.requestHash !== hash)
      throw new Problem(
        'idempotency_key_reused',
        'Nothing was refunded now; take a new key for a new request.',
      )
    const isUnanswered = refund.status === 'asked' && refund.providerRefundId === undefined
    return isUnanswered ? settlement.reconcileRefund(refund, now) : refund
  }

  /** Notes a request that waits for a second person. It has to be possible by now, though nothing is set aside. */
  async function submit(refund: Refund, topUp: TopUp): Promise<Refund | undefined> {
    const { accountId, amountMicros, currency } = refund
    const found = await ledger.readLots(accountId)
    const lot = found?.lots.find((each) => each.lot === topUp.entrySequence)
    const unspentMicros = lot?.remainingMicros ?? 0n
    if (amountMicros > unspentMicros) throw moreThanUnspent(unspentMicros, currency)
    return refunds.create(refund)
  }

  return { request }
}

function newRefund(asked: RefundAsked, topUp: TopUp, refundId: string, hash: string): Refund {
  const { account, request, actor, now } = asked
  const amountMicros = parseAmount(request.amount)!
  refuseAmount(account, amountMicros, request.currency)
  return {
    refundId,
    accountId: account.accountId,
    topUpId: topUp.topUpId,
    paymentId: topUp.paymentId!,
    origin: 'staff',
    status: 'awaiting_approval',
    amountMicros,
    currency: request.currency,
    reason: request.reason,
    requestHash: hash,
    requestedBy: actor,
    createdAt: now.toISOString(),
    changedAt: now.toISOString(),
    revision: 0n,
  }
}

function refuseAmount(account: Account, amountMicros: bigint, currency: string): void {
  if (currency !== account.currency) throw wrongCurrency(account.currency)
  const stepMicros = cardStepMicros(currency)
  if (amountMicros % stepMicros !== 0n) {
    const step = formatAmount(stepMicros, currency)
    throw invalidField('amount', `must be a multiple of ${step} ${currency}: cards take no smaller part`)
  }
}
