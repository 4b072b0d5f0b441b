import { type Refund, watchOf } from '../refunds/refund.ts'
import type { ReconciledList } from './reconcile-list.store.ts'

const WAIT_MILLISECONDS = 10 * 60_000
const STUCK_AFTER_MILLISECONDS = 25 * 3_600_000

/** Refunds of which nobody told what became of them. */
export function refundList({
  refunds,
  settlement,
}: {
  refunds: { read(accountId: string, refundId: string): Promise<Refund | undefined> }
  settlement: { reconcileRefund(refund: Refund, now: Date): Promise<Refund> }
}): ReconciledList {
  return {
    watch: 'refund_open',
    waitMilliseconds: WAIT_MILLISECONDS,
    stuckAfterMilliseconds: STUCK_AFTER_MILLISECONDS,
    async reconcile({ accountId, id }, now) {
      const refund = await refunds.read(accountId, id)
      if (!refund) return 'done'
      const asked = await settlement.reconcileRefund(refund, now)
      return watchOf(asked) === 'refund_open' ? 'open' : 'done'
    },
  }
}

/** Disputes whose end nobody told of; banks take weeks, so that none of them is ever stuck. */
export function disputeList(disputes: {
  reconcile(dispute: { accountId: string; topUpId: string; disputeId: string }, at: string): Promise<void>
}): ReconciledList {
  return {
    watch: 'disputed',
    waitMilliseconds: WAIT_MILLISECONDS,
    async reconcile({ accountId, id, document }, now) {
      const dispute = { accountId, topUpId: String(document.topUpId), disputeId: id }
      await disputes.reconcile(dispute, now.toISOString())
      return 'open'
    },
  }
}
