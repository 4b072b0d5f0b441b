import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { AccountUnavailable } from '../ledger/decide-movement.ts'
import { giveBack } from '../ledger/decide-payment.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import type { PaymentProvider, ProviderRefund } from '../top-up/payment-provider.ts'
import type { TopUpStore } from '../top-up/top-up.store.ts'
import type { RefundStore } from './refund.store.ts'
import { canFailNoMore, isSame, mayBecome, missingStep, type Refund, returnedOf, stepOf } from './refund.ts'
import { CASH, refundDetail, refundHash, SYSTEM } from './refund-entry.ts'

export type RefundSettlementOptions = {
  refunds: RefundStore
  topUps: Pick<TopUpStore, 'read' | 'noteOf'>
  ledger: Pick<Ledger, 'post' | 'readEntry'>
  /** Asked for only when the provider is to be called. */
  provider: () => Promise<Pick<PaymentProvider, 'refund' | 'lookUpRefunds'>>
}
export type RefundSettlement = ReturnType<typeof createRefundSettlement>

type Failure = Pick<Refund, 'failureCode' | 'providerRefundId'>

/** How often a refund may change under our hands before what is to be done with it is left for the next time. */
const TRIES = 6

/**
 * Brings refunds whose credit is taken to where the provider has them. Each step starts from the refund as it is, so that
 * any of them may be the last of a process, and any two may be taken at once.
 */
export function createRefundSettlement({ refunds, topUps, ledger, provider }: RefundSettlementOptions) {
  /**
   * Asks the provider for a refund that was noted as `asked`, under its id: asked twice is refunded once. Without an answer
   * it stays as it is, and is reconciled.
   */
  async function ask(refund: Refund, now: Date): Promise<Refund> {
    const at = now.toISOString()
    const made = await (await provider()).refund(refund)
    if (made.ok) return (await follow(refund, made.refund, at)) ?? reread(refund)
    if (made.reason === 'refused') return fail(refund, { failureCode: made.code }, at)
    return refund
  }

  /**
   * Brings a refund to the state that the provider has it in, and gives its credit back where it has failed. Undefined when
   * what the provider has is none of it. Throws `busy` when it has to be done again.
   */
  async function follow(refund: Refund, found: ProviderRefund, at: string): Promise<Refund | undefined> {
    for (let attempt = 0, known = refund; attempt < TRIES; attempt++) {
      if (!isSame(known, found)) return undefined
      const { providerRefundId } = found
      const step = stepOf(known, found)
      if (!step) return known
      if (step === 'fail')
        return fail(known, { failureCode: found.failureCode ?? 'failed', providerRefundId }, at)
      const written =
        step === 'note'
          ? await refunds.note(known, { providerRefundId })
          : await refunds.move(known, 'succeeded', at, { providerRefundId })
      if (written) return written
      known = await reread(known)
    }
    throw keptChanging()
  }

  /**
   * Gives the credit of a refund back, once, in the transaction that makes it `failed`. A closed account takes no credit:
   * that is noted, and tried again whenever the refund is reconciled.
   */
  async function fail(refund: Refund, failure: Failure, at: string): Promise<Refund> {
    for (let attempt = 0, known = refund; attempt < TRIES; attempt++) {
      if (!mayBecome(known, 'failed')) return known
      const posted = await postReturn(known, failure, at)
      if (posted.ok) return reread(known)
      switch (posted.reason) {
        case 'document_changed':
          break
        case 'busy':
          throw keptChanging()
        case 'account_closed': {
          const { accountId, refundId } = known
          log.error('a refund failed, and its account is closed: its credit waits', { accountId, refundId })
          if (known.failureCode !== undefined) return known
          const noted = await refunds.note(known, failure)
          if (noted) return noted
          break
        }
        default:
          throw new Error(`refund ${known.refundId} could not be given back: ${posted.reason}`)
      }
      known = await reread(known)
    }
    throw keptChanging()
  }

  async function postReturn(refund: Refund, failure: Failure, at: string) {
    const { accountId, topUpId, refundId } = refund
    const [topUp, taking] = await Promise.all([
      topUps.read(accountId, topUpId),
      ledger.readEntry(accountId, refund.entrySequence!),
    ])
    if (!topUp || !taking) throw new Error(`refund ${refundId} has no top-up or no entry`)
    return ledger.post<AccountUnavailable>({
      accountId,
      key: `top-up-refund-failed:${refundId}`,
      requestHash: refundHash(refund),
      at,
      decide: (head) => {
        const decision = giveBack(head, taking, {
          kind: 'top_up_refund_failed',
          contra: CASH,
          reason: 'The refund did not reach the card',
          actor: SYSTEM,
          detail: { ...refundDetail(refund), failureCode: failure.failureCode },
        })
        if (!decision.ok) return decision
        const failed = { ...failure, returnSequence: head.sequence + 1n }
        const documents = [
          { Put: refunds.changeOf(refund, 'failed', at, failed) },
          { Put: topUps.noteOf(topUp, returnedOf(topUp, refund)) },
        ]
        return { ...decision, documents }
      },
    })
  }

  /**
   * What the schedule does with a refund that may have news: asks the provider what became of it, and takes that over. One that
   * the provider does not have is asked for again while the provider still knows its key; later it has failed, but only
   * when the provider has answered that there is none. One that has succeeded is asked about until it can fail no more. A list
   * that it was found on may be behind: it is read anew.
   */
  async function reconcileRefund(listed: Refund, now: Date): Promise<Refund> {
    const refund = await reread(listed)
    if (!mayBecome(refund, 'failed')) return refund
    const at = now.toISOString()
    const found = await (await provider()).lookUpRefunds(refund.paymentId)
    if (!found.ok) return refund
    for (const each of found.refunds) {
      const followed = await follow(refund, each, at)
      if (followed) return canFailNoMore(followed, now) ? finish(followed, at) : followed
    }
    if (refund.failureCode !== undefined) return fail(refund, { failureCode: refund.failureCode }, at)
    if (refund.status !== 'asked') return refund
    switch (missingStep(refund, now)) {
      case 'ask':
        return ask(refund, now)
      case 'give_up':
        return fail(refund, { failureCode: 'never_made' }, at)
      case 'wait':
        return refund
    }
  }

  /** Takes it off the schedule's list. One that something else has written meanwhile stays there for another day. */
  async function finish(refund: Refund, at: string): Promise<Refund> {
    if (refund.finalAt !== undefined) return refund
    return (await refunds.note(refund, { finalAt: at })) ?? reread(refund)
  }

  async function reread({ accountId, refundId }: Refund): Promise<Refund> {
    const found = await refunds.read(accountId, refundId)
    if (!found) throw new Error(`refund ${refundId} is not there`)
    return found
  }

  return { ask, follow, reconcileRefund }
}

function keptChanging(): Problem {
  return new Problem('busy', 'The refund kept changing. With the same Idempotency-Key it is done once.')
}
