import type { Account } from '../accounts/account.ts'
import { Problem } from '../edge/problem.ts'
import { type RefundBeginning, refundBusy } from './begin-refund.store.ts'
import type { RefundStore } from './refund.store.ts'
import type { Refund } from './refund.ts'
import type { RefundSettlement } from './settle-refund.store.ts'

export type RefundDecided = {
  account: Account
  topUpId: string
  refundId: string
  actor: string
  now: Date
}

/** How often a refund or its top-up may change under our hands before the caller is told to try again. */
const TRIES = 6

/** A second person's word on refunds above the limit. Of several words at once the first one written counts. */
export function createRefundApproval({
  refunds,
  beginning,
  settlement,
}: {
  refunds: Pick<RefundStore, 'read' | 'changeOf'>
  beginning: RefundBeginning
  settlement: Pick<RefundSettlement, 'reconcileRefund'>
}) {
  /**
   * Approves: the refund is decided anew on the credit that there is now, taken and asked for. A repeat by the same person
   * goes on where the first was cut off. Only a person may, and never who asked for it.
   */
  async function approve({ account, topUpId, refundId, actor, now }: RefundDecided): Promise<Refund> {
    if (!actor.startsWith('person:'))
      throw new Problem('approval_by_machine', 'Somebody has to look at it and sign in to say so.')
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const refund = await readRefund(refunds, account, topUpId, refundId)
      if (refund.requestedBy === actor)
        throw new Problem('approval_by_requester', 'You have asked for this refund yourself.')
      if (refund.status !== 'awaiting_approval') {
        if (refund.decidedBy !== actor || refund.status === 'rejected') throw alreadyDecided(refund)
        const isUnanswered = refund.status === 'asked' && refund.providerRefundId === undefined
        return isUnanswered ? settlement.reconcileRefund(refund, now) : refund
      }
      const topUp = await beginning.readPaid(account, topUpId)
      const begun = await beginning.begin({
        ...{ refund, topUp, actor, now },
        put: (changes) =>
          refunds.changeOf(refund, 'asked', now.toISOString(), { ...changes, decidedBy: actor }),
      })
      if (begun) return answerOf(begun, actor)
    }
    throw refundBusy()
  }

  return approve
}

/** Rejects a refund that waits; who asked for it may take it back so. A repeat by the same person changes nothing. */
export function createRefundRejection({ refunds }: { refunds: Pick<RefundStore, 'read' | 'move'> }) {
  return async function reject(decided: RefundDecided & { reason: string }): Promise<Refund> {
    const { account, topUpId, refundId, actor, reason, now } = decided
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const refund = await readRefund(refunds, account, topUpId, refundId)
      if (refund.status === 'rejected') return answerOf(refund, actor)
      if (refund.status !== 'awaiting_approval') throw alreadyDecided(refund)
      const rejection = { decidedBy: actor, rejection: reason }
      const rejected = await refunds.move(refund, 'rejected', now.toISOString(), rejection)
      if (rejected) return rejected
    }
    throw refundBusy()
  }
}

async function readRefund(
  refunds: Pick<RefundStore, 'read'>,
  { accountId }: Account,
  topUpId: string,
  refundId: string,
): Promise<Refund> {
  const refund = await refunds.read(accountId, refundId)
  if (!refund || refund.topUpId !== topUpId)
    throw new Problem('refund_not_found', `Top-up ${topUpId} has no refund ${refundId}.`)
  return refund
}

/** Who was overtaken by another's word is told so, and not that it was theirs. */
function answerOf(refund: Refund, actor: string): Refund {
  if (refund.decidedBy !== actor) throw alreadyDecided(refund)
  return refund
}

function alreadyDecided({ refundId, status }: Refund): Problem {
  return new Problem(
    'refund_already_decided',
    `Refund ${refundId} does not wait for anybody: it is ${status}.`,
  )
}
