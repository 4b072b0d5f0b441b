import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, nextPeriod, type Period, periodOf } from '../accounts/billing-period.ts'
import { laterOf } from '../edge/later-of.ts'
import { creditAt, readCreditUntil } from '../ledger/credit-at.ts'
import { sumOfHeld } from '../ledger/decide-hold.ts'
import { createLedgerReader, type LedgerReaderOptions } from '../ledger/ledger-reader.store.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { lastingAt, noRingFence, type RingFenceMode } from '../ring-fence/ring-fence.ts'
import { createClosedMonths } from './closed-month.store.ts'
import { dayIn } from './day-shares.ts'
import { priceMonth } from './decide-monthly-charge.ts'
import { endWhileClosed } from './end-while-closed.ts'
import { createFrozenPrices } from './frozen-prices.store.ts'
import { listTaken } from './keep-stopped.ts'
import { findMonthShortfall } from './month-shortfall.ts'
import { createMonthVersions } from './month-versions.store.ts'
import { owedBefore, type PeriodDocument } from './period-document.ts'
import type { PlanVersion } from './plan.ts'
import { createResumptionPricing } from './price-resumption.store.ts'
import { endOfOutlook } from './project-credit.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import { type StoppedService, type Subscription, termOf } from './subscription.ts'
import type { Resumption, UpcomingCharge } from './upcoming-charge.ts'

/** A busy account's HEAD moves between two reads of it, but not so often in a row. */
const TRIES = 20

type MonthsSeen = { due: Due; subscription: Subscription | undefined; short: readonly PeriodDocument[] }

/**
 * Previews charges, priced by the very function that prices them. Credit that expires before a charge is due, or at that very
 * instant, will not be there for it and does not count.
 */
export function createUpcomingCharge(options: LedgerReaderOptions & { documentsTable: string }) {
  const ledger = createLedgerReader(options)
  const subscriptions = createSubscriptionStore(options)
  const ringFences = createRingFenceStore(options)
  const versionInForce = createVersionInForce(options)
  const priceResumption = createResumptionPricing(options)
  const beganWhileClosed = createClosedMonths(options)

  /**
   * The next charge against the credit as it is now: the coming month's, or one that is due already. Undefined without a plan,
   * and of a closed account.
   */
  async function preview(account: Account, now: Date): Promise<UpcomingCharge | undefined> {
    const at = now.toISOString()
    const current = periodOf(at, account.timeZone)
    return previewAsDue(account, at, (duePeriod) => laterOf(duePeriod, current))
  }

  /** The charge of one month that is still to be charged; undefined without a plan, or when it has been charged or found short. */
  async function previewOf(
    account: Account,
    period: Period,
    at: string,
  ): Promise<UpcomingCharge | undefined> {
    return previewAsDue(account, at, () => period)
  }

  /**
   * Nothing of a closed account. Of one moment: read again as long as the plan and its months move while the credit is read.
   */
  async function previewAsDue(account: Account, at: string, choose: (duePeriod: Period) => Period) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const months = await readMonths(account.accountId)
      if (!months?.subscription) return undefined
      const { due, subscription, short } = months
      const period = choose(due.period)
      if (due.period > period) return undefined
      const upcoming = await look({ account, at, period, due, subscription, short })
      // A month that was paid meanwhile would be owed, and missing from the credit, at once.
      if (isSameMoment(months, await readMonths(account.accountId))) return upcoming
    }
    throw new Error(`account ${account.accountId}: its plan kept moving while it was read`)
  }

  async function readMonths(accountId: string) {
    // Due first: a month that leaves it meanwhile is found among the short ones, never in neither.
    const due = await subscriptions.readDue(accountId, 'charge')
    if (!due) return undefined
    const [subscription, short] = await Promise.all([
      subscriptions.read(accountId),
      subscriptions.listShort(accountId),
    ])
    return { due, subscription, short }
  }

  async function look(months: {
    account: Account
    at: string
    period: Period
    due: Due
    subscription: Subscription
    short: readonly PeriodDocument[]
  }): Promise<UpcomingCharge | undefined> {
    const { account, at, period, due, short } = months
    const { credit, ringFence } = await readCredit(account, at)
    if (credit.head.status === 'closed') return undefined
    /** As it will be when the month is charged. */
    const planFor = async (subscription: Subscription, month: Period) =>
      ((await beganWhileClosed(account, credit.head, month)) && endWhileClosed(subscription, month, at)) ||
      subscription
    let owedMicros = owedBefore(short, due.period)
    let { subscription } = months
    for (let earlier = due.period; earlier < period; earlier = nextPeriod(earlier)) {
      subscription = await planFor(subscription, earlier)
      const planVersion = await versionInForce(account, subscription, earlier)
      owedMicros += priceMonth({ account, subscription, planVersion, period: earlier }).totalMicros
    }
    subscription = await planFor(subscription, period)
    const planVersion = await versionInForce(account, subscription, period)
    const charge = priceMonth({ account, subscription, planVersion, period })
    const chargedAt = laterOf(charge.dueAt, at)
    const { usableMicros: availableMicros } = creditAt(credit, chargedAt)
    const mode: RingFenceMode = subscription.ringFence ?? 'off'
    const month = {
      ...{ ...charge, owedMicros, availableMicros, credit },
      setAsideMicros: sumOfHeld(lastingAt(ringFence, chargedAt)),
      expiringMicros: credit.head.availableMicros - availableMicros,
      receivableMicros: credit.head.receivableMicros,
      resumption: await priceStoppedServices(account, subscription, { at, planVersion, period }),
      ...{ ringFencedMicros: ringFence.heldMicros, ringFence: mode },
    }
    return { ...month, ...findMonthShortfall({ at, timeZone: account.timeZone, credit }, month) }
  }

  /** What stopped services cost: from today on, where this month is charged or owed already, and in the month that is charged next. */
  async function priceStoppedServices(
    account: Account,
    subscription: Subscription,
    next: { at: string; planVersion: PlanVersion; period: Period },
  ): Promise<Resumption | undefined> {
    const { at, planVersion, period } = next
    const today = dayIn(at, account.timeZone)
    const taken = listTaken(subscription.terms, today.period)
    const stopped = (subscription.stopped ?? []).filter(({ service }) => taken.has(service))
    if (stopped.length === 0) return undefined
    const thisMonth = await subscriptions.readPeriod(account.accountId, today.period)
    const monthMicrosWithout = (left: readonly StoppedService[]) =>
      priceMonth({ account, subscription: { ...subscription, stopped: left }, planVersion, period })
        .totalMicros
    const costOf = async (resumed: readonly StoppedService[], left: readonly StoppedService[]) => ({
      restMicros:
        (await priceResumption({ ...subscription, stopped: resumed }, thisMonth, { day: today.day, at })) ??
        0n,
      monthMicros: monthMicrosWithout(left) - monthMicrosWithout(stopped),
    })
    return {
      // What stopped last resumes first.
      first: await costOf(stopped.slice(-1), stopped.slice(0, -1)),
      all: await costOf(stopped, []),
    }
  }

  /** The credit as it is for the outlook, with what is set aside of it, both of one moment. */
  async function readCredit({ accountId, timeZone }: Account, at: string) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const credit = await readCreditUntil(ledger, accountId, endOfOutlook(at, timeZone))
      if (!credit) throw new Error(`account ${accountId} has no ledger`)
      if (credit.head.heldMicros === 0n) return { credit, ringFence: noRingFence(accountId) }
      const ringFence = await ringFences.read(accountId)
      // What is set aside moves together with HEAD: while HEAD has not moved, this is what it has of it.
      const now = await ledger.readHead(accountId)
      if (now?.revision === credit.head.revision) return { credit, ringFence }
    }
    throw new Error(`account ${accountId}: its credit kept moving while it was read`)
  }

  return { preview, previewOf }
}

/** What is due, the plan and what is owed are as they were. */
function isSameMoment(before: MonthsSeen, after: MonthsSeen | undefined): boolean {
  return after !== undefined && revisionsOf(before) === revisionsOf(after)
}

function revisionsOf({ due, subscription, short }: MonthsSeen): string {
  const owed = short.map(({ period, revision }) => `${period}:${revision}`)
  return [due.period, due.isEnded ?? false, subscription?.revision, ...owed].join(' ')
}

/**
 * Finds the version of an account's plan that a month is priced by: the one in force at the month's first instant, of those
 * known when the month's run was opened. Who charges the month opens its run with that (`opensAt`); who looks does not.
 */
export function createVersionInForce(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const monthVersions = createMonthVersions(options)
  const frozenPrices = createFrozenPrices(options)
  return async (
    account: Account,
    subscription: Subscription,
    period: Period,
    opensAt?: string,
  ): Promise<PlanVersion> => {
    const term = termOf(subscription, period)
    if (!term) throw new Error(`account ${account.accountId}: has no plan in ${period}`)
    // The run first: it knows no version that the plan's list would not have.
    const frozen = await (opensAt === undefined
      ? frozenPrices.read(period)
      : frozenPrices.open(period, opensAt))
    const find = opensAt === undefined ? monthVersions.read : monthVersions.readOrRemember
    const version = await find(term, beginningOfPeriod(period, account.timeZone), frozen)
    if (!version) throw new Error(`plan ${term.planId}: no version is in force in ${period}`)
    return version
  }
}
