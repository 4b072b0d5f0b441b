import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { accountKey } from '../accounts/account-keys.ts'
import { beginningOfPeriod, type Period, warningOfPeriod } from '../accounts/billing-period.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import type { PutEvents } from '../events/event.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { describeWarning } from './describe-warning.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import { createUpcomingCharge } from './upcoming-charge.store.ts'
import type { UpcomingCharge } from './upcoming-charge.ts'

export type WarnedMonth = { period: Period; result: 'warned' | 'covered' | 'too_late' }
type Step = WarnedMonth | 'done' | 'again'

const MOST_STEPS = 300

export type WarningOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable: string
  documentsTable: string
  portalUrl: string
  put: PutEvents
}

/**
 * Warns of a month that the credit will not cover, once: not when it is covered, nor when the month has begun. The event
 * goes out before the warning is written down, so that a run that dies between the two tells it again under the same id,
 * which whoever acts on it has seen.
 */
export function createShortfallWarning(options: WarningOptions) {
  const { client, documentsTable } = options
  const ledger = createLedgerReader(options)
  const accounts = createAccountStore(options)
  const subscriptions = createSubscriptionStore(options)
  const upcoming = createUpcomingCharge(options)

  /** Does what is due of an account's warnings; a parked account waits, a closed one is warned no more. */
  async function warnDue(accountId: string, now: Date): Promise<WarnedMonth[]> {
    const months: WarnedMonth[] = []
    for (let count = 0; count < MOST_STEPS; count++) {
      const step = await takeStep(accountId, now.toISOString())
      if (step === 'done') return months
      if (step !== 'again') months.push(step)
    }
    throw new Error(`account ${accountId}: warning does not come to an end`)
  }

  async function takeStep(accountId: string, at: string): Promise<Step> {
    const due = await subscriptions.readDue(accountId, 'warning')
    if (!due) return 'done'
    const [account, head] = await Promise.all([accounts.read(accountId), ledger.readHead(accountId)])
    if (!account || !head) throw new Error(`account ${accountId} has a plan without profile or ledger`)
    if (head.status === 'closed') {
      await writeTogether(client, [subscriptions.endDue('warning', due)])
      return 'done'
    }
    if (warningOfPeriod(due.period, account.timeZone) > at) return 'done'
    if (beginningOfPeriod(due.period, account.timeZone) <= at) return moveOn(account, due, 'too_late')
    if (head.status === 'parked') return 'done'
    const charge = await upcoming.previewOf(account, due.period, at)
    if (!charge || charge.shortfallMicros === 0n) return moveOn(account, due, 'covered')
    await options.put([
      { detailType: 'plan.warning', detail: describeWarning(account, charge, { at, ...options }) },
    ])
    return moveOn(account, due, 'warned', [noteWarning(charge, accountId, at)])
  }

  async function moveOn(
    account: Account,
    due: Due,
    result: WarnedMonth['result'],
    more: WriteItem[] = [],
  ): Promise<Step> {
    const move = subscriptions.moveDueOn('warning', due, account.timeZone)
    const written = await writeTogether(client, [move, ...more])
    if (written.ok) return { period: due.period, result }
    if (written.reason === 'busy') throw new Error(`account ${account.accountId}: too busy to be warned`)
    return 'again'
  }

  function noteWarning(charge: UpcomingCharge, accountId: string, at: string): WriteItem {
    const { period, totalMicros, owedMicros, availableMicros, shortfallMicros } = charge
    const keys = { pk: accountKey(accountId), sk: `WARNING#${period}` }
    const Item = { ...keys, accountId, period, totalMicros, owedMicros, availableMicros, shortfallMicros, at }
    return { Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  return { warnDue }
}
