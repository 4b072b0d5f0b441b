import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import {
  beginningOfPeriod,
  nextPeriod,
  nextWarningDay,
  type Period,
  periodOf,
  warningOfPeriod,
} from '../accounts/billing-period.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import type { PutEvents } from '../events/event.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createCoverage } from './coverage.store.ts'
import type { Coverage } from './coverage.ts'
import { describeWarning } from './describe-warning.ts'
import { createRaisedSince } from './raised-since.store.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import { createWarningStore } from './warning.store.ts'
import { decideWarning, type Warning, type WarningStatus } from './warning.ts'

export type WarnedMonth = { period: Period; result: WarningStatus | 'covered' | 'too_late' }
type Step = WarnedMonth | 'done' | 'again'

const MOST_STEPS = 300

export type WarningOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable: string
  documentsTable: string
  paymentsTable: string
  portalUrl: string
  put: PutEvents
}

/**
 * Tells an account, once, of a coming month that its credit will not cover, and takes that back once the month is funded. One
 * that is covered is looked at again each day until it begins, and with each message that may change what it lacks.
 * What is told is written down first, and the bus is told after that: a run that dies in between tells it later, under the
 * same id. Each time that something was told it is looked once more, so that credit which comes in meanwhile is seen,
 * either by this run or by the one that its own message sets off.
 */
export function createShortfallWarning(options: WarningOptions) {
  const { client } = options
  const ledger = createLedgerReader(options)
  const accounts = createAccountStore(options)
  const subscriptions = createSubscriptionStore(options)
  const coverages = createCoverage(options)
  const warnings = createWarningStore(options)
  const raisedSince = createRaisedSince(options)

  /**
   * Does what is to be done about an account's warnings now, whatever the message was: those that are due, and the one of
   * the coming month. A parked account waits, a closed one is warned no more.
   */
  async function look(accountId: string, now: Date): Promise<WarnedMonth[]> {
    const months: WarnedMonth[] = []
    for (const take of [warnDue, review]) {
      // What was covered a moment ago is not asked a second time.
      if (months.at(-1)?.result === 'covered') break
      for (let step: Step = 'again', count = 0; step !== 'done'; count++) {
        if (count === MOST_STEPS) throw new Error(`account ${accountId}: warning does not come to an end`)
        step = await take(accountId, now)
        if (typeof step !== 'string') months.push(step)
      }
    }
    return months
  }

  async function warnDue(accountId: string, now: Date): Promise<Step> {
    const at = now.toISOString()
    const due = await subscriptions.readDue(accountId, 'warning')
    if (!due) return 'done'
    const [account, head] = await Promise.all([accounts.read(accountId), ledger.readHead(accountId)])
    if (!account || !head) throw new Error(`account ${accountId} has a plan without profile or ledger`)
    if (head.status === 'closed') {
      await writeTogether(client, [subscriptions.endDue('warning', due)])
      return 'done'
    }
    if (due.isEnded) return write(accountId, [subscriptions.reopenDue('warning', due)], 'again')
    if (due.dueAt > at) return 'done'
    const { period } = due
    if (beginningOfPeriod(period, account.timeZone) <= at) {
      const month = subscriptions.moveDueOn('warning', due, account.timeZone)
      return write(accountId, [month], { period, result: 'too_late' })
    }
    if (head.status === 'parked') return 'done'
    const coverage = await coverages.read(account, now, period)
    const { warning } = coverage
    // Of what was told, `review` sees what becomes.
    if (warning) return write(accountId, [moveOn(account, due, warning.status, at)], 'again')
    const status = decideWarning(undefined, { ...coverage, raisedMicros: 0n })
    const note = status ? [noteWarning(account, coverage, status)] : []
    return write(accountId, [moveOn(account, due, status, at), ...note], {
      period,
      result: status ?? 'covered',
    })
  }

  /** As long as it is not warned of, the month is looked at again on its next day; with the last of them the month after it is due. */
  function moveOn(account: Account, due: Due, status: WarningStatus | undefined, at: string): WriteItem {
    const isOpen = status === undefined || status === 'expected'
    const nextDay = isOpen ? nextWarningDay(due.period, at, account.timeZone) : undefined
    return nextDay
      ? subscriptions.dueAgainAt('warning', due, nextDay)
      : subscriptions.moveDueOn('warning', due, account.timeZone)
  }

  /**
   * Takes the coming month's warning a step further: to its first status, where the days on which it may be warned of have
   * come, to another one, or to the bus.
   */
  async function review(accountId: string, now: Date): Promise<Step> {
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId}: an event names it, and it is not there`)
    const period = nextPeriod(periodOf(now.toISOString(), account.timeZone))
    // Most messages come before these days: they cost two reads.
    const known = await warnings.read(accountId, period)
    if (!known && now.toISOString() < warningOfPeriod(period, account.timeZone)) return 'done'
    if (known?.status === 'withdrawn' && known.isTold) return 'done'
    const coverage = await coverages.read(account, now, period)
    const { warning, credit } = coverage
    if (credit.head.status !== 'open') return 'done'
    const status = await decideNext(warning, coverage)
    if (status) {
      const next = noteWarning(account, coverage, status)
      return write(accountId, [next], { period, result: status })
    }
    if (!warning || warning.isTold) return 'done'
    await options.put([warning.event])
    return write(accountId, [warnings.put(warning, { ...warning, isTold: true })], 'again')
  }

  async function decideNext(
    warning: Warning | undefined,
    coverage: Coverage,
  ): Promise<WarningStatus | undefined> {
    if (!warning) return decideWarning(undefined, { ...coverage, raisedMicros: 0n })
    const { status, askedMicros, sequence } = warning
    const { head } = coverage.credit
    const raisedMicros =
      status === 'warned' && head.sequence > sequence ? await raisedSince(head.accountId, sequence) : 0n
    return decideWarning(status, { ...coverage, raisedMicros }, askedMicros)
  }

  function noteWarning(account: Account, coverage: Coverage, status: WarningStatus): WriteItem {
    const { at, month, credit, warning } = coverage
    if (!month) throw new Error(`account ${account.accountId}: there is no month to warn of`)
    return warnings.put(warning, {
      accountId: account.accountId,
      period: month.period,
      status,
      event: describeWarning(status, account, { ...coverage, month }, options),
      isTold: false,
      askedMicros: month.projectedShortfallMicros,
      sequence: credit.head.sequence,
      at,
    })
  }

  async function write(accountId: string, items: WriteItem[], done: Step): Promise<Step> {
    const written = await writeTogether(client, items)
    if (written.ok) return done
    if (written.reason === 'busy') throw new Error(`account ${accountId}: too busy to be warned`)
    return 'again'
  }

  return { look }
}
