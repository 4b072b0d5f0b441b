import { type AccountUnavailable, refuseUnavailable } from '../ledger/decide-movement.ts'
import type { LedgerOptions } from '../ledger/ledger.store.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { isOutdated, withSetAside } from '../ring-fence/ring-fence.ts'
import { afterRefusal, keyOfStop, type Run, type Step } from './charging-step.ts'
import { createComingMonth } from './coming-month.store.ts'
import { dateOf, dayIn } from './day-shares.ts'
import { shortfallOf } from './decide-monthly-charge.ts'
import { decideStop } from './decide-stop.ts'
import { describeStop } from './describe-stop.ts'
import { findGoverning } from './grace.ts'
import { listTaken, withAllTaken } from './keep-stopped.ts'
import { owedBefore, owedIn } from './period-document.ts'
import { createPlanStore } from './plan.store.ts'
import { listPlanServices } from './plan-services.store.ts'
import { noteRevision, putPlan } from './plan-writes.store.ts'
import type { Situation } from './situation.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'
import type { Subscription } from './subscription.ts'

type StopRefusal = AccountUnavailable | { ok: false; reason: 'nothing_runs' | 'document_changed' }

/**
 * Stops services when grace is over and a month is owed still, all of one stop by one entry of the ledger that moves
 * nothing: with it the month's lines end on the day before, and the plan names what is stopped. Months before this one keep
 * their price, as their services ran. Of a stop and a top-up, or a change of plan, at once, whichever is written second sees
 * the first.
 */
export function createServiceStop(options: LedgerOptions & { documentsTable: string }) {
  const { documentsTable } = options
  const ledger = createLedger(options)
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)
  const ringFences = createRingFenceStore(options)
  const findComing = createComingMonth(options)

  /** `done` while there is grace, and when nothing runs. */
  return async function stop(run: Run, { due, short, ringFence }: Situation): Promise<Step> {
    const { account, at, termsVersion } = run
    const { accountId, currency } = account
    const governing = findGoverning(short)
    if (!governing || governing.graceEndsAt > at) return 'done'
    const { period, day } = dayIn(at, account.timeZone)
    const [subscription, read] = await Promise.all([
      subscriptions.read(accountId),
      subscriptions.readPeriod(accountId, period),
    ])
    const month = short.find((document) => document.period === period) ?? read
    if (!subscription || !month) return 'done'
    const { stopOrder = [], stopped = [] } = subscription
    const taken = listTaken(subscription.terms, period)
    const facts = {
      ...{ month, day, stopOrder, planServices: await listPlanServices(plans, month) },
      owedBeforeMicros: owedBefore(short, period),
    }
    // From the warning of the next month on they run again only if the credit covers that as well.
    const coming = await findComing(account, subscription, at)
    const posted = await ledger.post<StopRefusal>({
      accountId,
      ...keyOfStop(subscription.revision),
      at,
      decide: (head) => {
        const unavailable = refuseUnavailable(head)
        if (unavailable) return unavailable
        if (isOutdated(head, ringFence)) return { ok: false, reason: 'document_changed' }
        // What is set aside for the plan pays what is owed.
        const { availableMicros } = withSetAside(head, ringFence)
        // A top-up came between: what is owed is settled instead.
        if (owedIn(short) <= availableMicros) return { ok: false, reason: 'document_changed' }
        const decision = decideStop({ ...facts, availableMicros })
        if (!decision) return { ok: false, reason: 'nothing_runs' }
        const neededMicros = owedIn(short) + (coming?.priceWithout([]) ?? 0n)
        const shortfallMicros = shortfallOf(withSetAside(head, ringFence), neededMicros)
        const said = { ...facts, currency, availableMicros, shortfallMicros }
        const fromDate = dateOf(period, day)
        // What was removed today has run to its end with this.
        const stopping = decision.services.filter(({ service }) => taken.has(service))
        const all = [...stopped, ...stopping.map(({ service }) => ({ service, fromDate }))]
        const next: Subscription = {
          ...subscription,
          stopped: withAllTaken(all, taken, fromDate),
          revision: subscription.revision + 1n,
        }
        return {
          ok: true,
          draft: { ...describeStop(month, decision, said), termsVersion },
          documents: [
            putPlan(next, subscription, documentsTable),
            noteRevision(due, next, documentsTable),
            subscriptions.replacePeriod(
              {
                ...month,
                ...{ lines: decision.lines, totalMicros: decision.totalMicros },
                // Of a month in which nothing ran nothing is owed.
                ...(decision.totalMicros === 0n && { status: 'charged' as const, at }),
              },
              month,
            ),
            ...ringFences.unchangedIfWished(ringFence, subscription),
            // While the oldest month is owed, all that was counted as owed is.
            ...short
              .slice(0, 1)
              .filter((oldest) => oldest.period < period)
              .map(subscriptions.stillShort),
          ],
        }
      },
    })
    if (posted.ok) return posted.replayed ? 'again' : { period, result: 'stopped' }
    if (posted.reason === 'nothing_runs') return 'done'
    return afterRefusal(accountId, posted.reason)
  }
}
