import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import {
  beginningOfPeriod,
  nextPeriod,
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
 * Tells an account, once, of a coming month that its credit will not cover, and takes that back once the month is funded.
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
    if (warningOfPeriod(due.period, account.timeZone) > at) return 'done'
    if (beginningOfPeriod(due.period, account.timeZone) <= at) return moveOn(account, due, 'too_late')
    if (head.status === 'parked') return 'done'
    const coverage = await coverages.read(account, now, due.period)
    const status = decideWarning(undefined, { ...coverage, raisedMicros: 0n })
    if (!status) return moveOn(account, due, 'covered')
    return moveOn(account, due, status, [noteWarning(account, coverage, status)])
  }

  async function moveOn(
    account: Account,
    due: Due,
    result: WarnedMonth['result'],
    more: WriteItem[] = [],
  ): Promise<Step> {
    const move = subscriptions.moveDueOn('warning', due, account.timeZone)
    return write(account.accountId, [move, ...more], { period: due.period, result })
  }

  /** Takes the coming month's warning a step further: to another status, or to the bus. */
  async function review(accountId: string, now: Date): Promise<Step> {
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId}: an event names it, and it is not there`)
    const period = nextPeriod(periodOf(now.toISOString(), account.timeZone))
    // Most messages are of accounts that were not warned: they cost two reads.
    const known = await warnings.read(accountId, period)
    if (!known || (known.status === 'withdrawn' && known.isTold)) return 'done'
    const coverage = await coverages.read(account, now, period)
    const { warning, credit } = coverage
    if (!warning || credit.head.status !== 'open') return 'done'
    const status = await decideNext(warning, coverage)
    if (status) {
      const next = noteWarning(account, coverage, status)
      return write(accountId, [next], { period, result: status })
    }
    if (warning.isTold) return 'done'
    await options.put([warning.event])
    return write(accountId, [warnings.put(warning, { ...warning, isTold: true })], 'again')
  }

  async function decideNext(
    { status, askedMicros, sequence }: Warning,
    coverage: Coverage,
  ): Promise<WarningStatus | undefined> {
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
