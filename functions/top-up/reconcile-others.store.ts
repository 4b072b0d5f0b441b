import { type Refund, watchOf } from '../refunds/refund.ts'
import type { ReconciledList } from './reconcile-list.store.ts'
import type { Watched } from './watch-list.store.ts'
import type { Watch } from './watch-list.ts'

const WAIT_MILLISECONDS = 10 * 60_000
const STUCK_AFTER_MILLISECONDS = 25 * 3_600_000
const DAY_MILLISECONDS = 24 * 3_600_000
/** Of what has come to an end that is nearly certain. */
const DAILY = { waitMilliseconds: DAY_MILLISECONDS, everyMilliseconds: DAY_MILLISECONDS }

type RefundReconciling = {
  refunds: { read(accountId: string, refundId: string): Promise<Refund | undefined> }
  settlement: { reconcileRefund(refund: Refund, now: Date): Promise<Refund> }
}
type DisputeReconciling = {
  reconcile(dispute: { accountId: string; topUpId: string; disputeId: string }, at: string): Promise<void>
}

/** Refunds of which nobody told what became of them. */
export function openRefundList(reconciling: RefundReconciling): ReconciledList {
  return {
    ...refundList('refund_open', reconciling),
    waitMilliseconds: WAIT_MILLISECONDS,
    stuckAfterMilliseconds: STUCK_AFTER_MILLISECONDS,
  }
}

/** Refunds that have succeeded: a bank may send them back for weeks, and nobody may tell. */
export function sentRefundList(reconciling: RefundReconciling): ReconciledList {
  return { ...refundList('refund_sent', reconciling), ...DAILY }
}

function refundList(watch: Watch, { refunds, settlement }: RefundReconciling) {
  return {
    watch,
    async reconcile({ accountId, id }: Watched, now: Date): Promise<'done' | 'open'> {
      const refund = await refunds.read(accountId, id)
      if (!refund) return 'done'
      const asked = await settlement.reconcileRefund(refund, now)
      return watchOf(asked) === watch ? 'open' : 'done'
    },
  }
}

/** Disputes whose end nobody told of; banks take weeks, so that none of them is ever stuck. */
export function openDisputeList(disputes: DisputeReconciling): ReconciledList {
  return { ...disputeList('disputed', disputes), waitMilliseconds: WAIT_MILLISECONDS }
}

/** Disputes that are decided: for a while they may be decided anew, and nobody may tell. */
export function decidedDisputeList(disputes: DisputeReconciling): ReconciledList {
  return { ...disputeList('dispute_decided', disputes), ...DAILY }
}

function disputeList(watch: Watch, disputes: DisputeReconciling) {
  return {
    watch,
    async reconcile({ accountId, id, document }: Watched, now: Date): Promise<'open'> {
      const dispute = { accountId, topUpId: String(document.topUpId), disputeId: id }
      await disputes.reconcile(dispute, now.toISOString())
      return 'open'
    },
  }
}
