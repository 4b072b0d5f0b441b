import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import type { PutEvents } from '../events/event.ts'
import { createLedgerReader, type LedgerReaderOptions } from '../ledger/ledger-reader.store.ts'
import { isOutdated, withSetAside } from '../ring-fence/ring-fence.ts'
import type { Run, Step } from './charging-step.ts'
import { dayIn } from './day-shares.ts'
import { decideStop } from './decide-stop.ts'
import { describeReminder } from './describe-reminder.ts'
import { findGoverning, type GraceStep, nextStepOf, stepsOfGrace, stopDayOf } from './grace.ts'
import { createGraceDueStore } from './grace-due.store.ts'
import { owedBefore, owedIn } from './period-document.ts'
import { createPlanStore } from './plan.store.ts'
import { listPlanServices } from './plan-services.store.ts'
import type { Situation } from './situation.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'

export type RemindingOptions = { put: PutEvents; portalUrl: string }

/**
 * Keeps what is due of an account's days of grace in step with what it owes, and reminds it. The event of a reminder goes out
 * before the due item moves on, so that a run that dies between the two tells it again under the same id. Without `reminding`,
 * for workers that tell nobody, a reminder that is due waits for one that does. Of several that were missed the last goes out.
 */
export function createGraceTending(
  options: LedgerReaderOptions & { documentsTable: string; reminding?: RemindingOptions },
) {
  const { client, reminding } = options
  const ledger = createLedgerReader(options)
  const graceDues = createGraceDueStore(options)
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)

  /** After all other steps: by then grace that is over has stopped what was to stop. */
  return async function tend(run: Run, situation: Situation): Promise<Step> {
    const { account, at } = run
    const { short, grace } = situation
    const governing = findGoverning(short)
    if (!governing || governing.graceEndsAt <= at) return grace ? write(run, graceDues.end(grace)) : 'done'
    const steps = stepsOfGrace(governing, account.timeZone)
    const isOfIt = grace?.period === governing.period
    const missed = steps.findLast(
      ({ dueAt, reminderOf }) => reminderOf && isOfIt && grace.dueAt <= dueAt && dueAt <= at,
    )
    if (missed) {
      if (!reminding) return 'done'
      if (!(await remind(run, situation, missed))) return 'again'
    }
    const next = nextStepOf(governing, account.timeZone, at)
    if (isOfIt && grace.dueAt === next.dueAt) return 'done'
    return write(run, graceDues.moveOn(account.accountId, next, grace))
  }

  async function write({ account }: Run, item: WriteItem): Promise<Step> {
    const written = await writeTogether(client, [item])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`account ${account.accountId}: too busy to be reminded`)
    return written.ok ? 'done' : 'again'
  }

  /**
   * What is missing, and what would stop, is as it is by the credit of now: since the run began, some may have expired. False, and
   * nobody is told, where what is owed or set aside has changed since.
   */
  async function remind(run: Run, { short, ringFence }: Situation, step: GraceStep): Promise<boolean> {
    const { account, at } = run
    const { accountId, timeZone } = account
    const available = await ledger.readHead(accountId)
    if (!available) throw new Error(`account ${accountId} has no ledger`)
    const owedNow = await subscriptions.listShort(accountId)
    if (isOutdated(available, ringFence) || owedIn(owedNow) !== owedIn(short)) return false
    const head = withSetAside(available, ringFence)
    const governing = findGoverning(short)!
    const { period } = dayIn(at, timeZone)
    const [subscription, month] = await Promise.all([
      subscriptions.read(accountId),
      subscriptions.readPeriod(accountId, period),
    ])
    const end = dayIn(governing.graceEndsAt, timeZone)
    const stop =
      month &&
      decideStop({
        month,
        // Grace that ends in a later month leaves this one whole.
        day: end.period === period ? end.day : month.daysInMonth,
        owedBeforeMicros: owedBefore(short, period),
        availableMicros: head.availableMicros,
        stopOrder: subscription?.stopOrder ?? [],
        planServices: await listPlanServices(plans, month),
      })
    const detail = describeReminder(account, {
      ...{ short, head, step, at },
      stopsOn: stopDayOf(governing, timeZone, at),
      services: stop?.services ?? [],
      portalUrl: reminding!.portalUrl,
    })
    await reminding!.put([{ detailType: 'plan.reminder', detail }])
    return true
  }
}
