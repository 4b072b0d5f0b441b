import { hasExpired } from '../ledger/credit-at.ts'
import { sumOfHeld } from '../ledger/decide-hold.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import { debit } from '../ledger/decide-movement.ts'
import { createLedger, type LedgerOptions } from '../ledger/ledger.store.ts'
import { behindMicros, LotsBehindError, sumOfLots } from '../ledger/lot.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { isOutdated, lastingAt } from '../ring-fence/ring-fence.ts'
import { afterRefusal, keyOfResumption, type Run, type Step } from './charging-step.ts'
import { createComingMonth } from './coming-month.store.ts'
import { dayIn } from './day-shares.ts'
import { decideResumption } from './decide-resumption.ts'
import { describeResumption } from './describe-stop.ts'
import { noteRevision, putPlan } from './plan-writes.store.ts'
import { createStoppedPricing } from './price-stopped.store.ts'
import type { Situation } from './situation.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'
import type { Subscription } from './subscription.ts'

type ResumptionRefusal = MovementRefusal | { ok: false; reason: 'nothing_resumes' | 'document_changed' }

/**
 * Lets stopped services run again when nothing is owed, what stopped last first, each as far as the available credit covers
 * its rest of the month, and once the next one is warned of that as well: by one entry that charges them, with the month's lines and the plan.
 */
export function createServiceResumption(options: LedgerOptions & { documentsTable: string }) {
  const { documentsTable } = options
  const ledger = createLedger(options)
  const subscriptions = createSubscriptionStore(options)
  const ringFences = createRingFenceStore(options)
  const priceStopped = createStoppedPricing(options)
  const findComing = createComingMonth(options)

  /** `done` when nothing is stopped, or the credit covers none of it. */
  return async function resume(run: Run, { due, ringFence }: Situation): Promise<Step> {
    const { account, at, termsVersion } = run
    const { accountId, currency, timeZone } = account
    const subscription = await subscriptions.read(accountId)
    const { stopped = [] } = subscription ?? {}
    if (!subscription || stopped.length === 0) return 'done'
    const { period, day } = dayIn(at, timeZone)
    const month = await subscriptions.readPeriod(accountId, period)
    if (month?.status !== 'charged') return 'done'
    const facts = { month, day, stopped, monthly: await priceStopped(subscription, month, at) }
    const coming = await findComing(account, subscription, at)
    const posted = await ledger.post<ResumptionRefusal>({
      accountId,
      ...keyOfResumption(period, subscription.revision),
      at,
      decide: (head) => {
        if (isOutdated(head, ringFence)) return { ok: false, reason: 'document_changed' }
        const { availableMicros } = head
        const expiring = coming ? head.lots.filter((lot) => hasExpired(lot, coming.dueAt)) : []
        const decision = decideResumption({
          ...{ ...facts, availableMicros },
          coming: coming && {
            ...coming,
            usableMicros: availableMicros - sumOfLots(expiring),
            setAsideMicros: sumOfHeld(lastingAt(ringFence, coming.dueAt)),
          },
        })
        if (!decision) return { ok: false, reason: 'nothing_resumes' }
        // Of lots behind, none expires before those in HEAD; where all of these expire before the month, some behind may as well.
        if (coming && expiring.length === head.lots.length && behindMicros(head) > 0n)
          throw new LotsBehindError()
        const { stillStopped, lines, totalMicros, costMicros, movements, notGivenBackMicros } = decision
        const moved = debit(head, {
          ...describeResumption(month, decision, { day, currency, availableMicros }),
          ...{ termsVersion, amountMicros: costMicros, currency, contra: 'revenue:plan' },
        })
        if (!moved.ok) return moved
        const next: Subscription = {
          ...subscription,
          stopped: stillStopped,
          revision: subscription.revision + 1n,
        }
        const movement = { sequence: head.sequence + 1n, amountMicros: costMicros }
        return {
          ...moved,
          documents: [
            putPlan(next, subscription, documentsTable),
            noteRevision(due, next, documentsTable),
            subscriptions.replacePeriod(
              {
                ...month,
                ...{ lines, totalMicros, notGivenBackMicros },
                movements: [...movements, movement],
              },
              month,
            ),
            // What is set aside pays the coming month: only while it is so much is there credit for the services.
            ...ringFences.unchangedIfWished(ringFence, subscription),
          ],
        }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period, result: 'resumed' }
    if (posted.reason === 'nothing_resumes') return 'done'
    return afterRefusal(accountId, posted.reason)
  }
}
