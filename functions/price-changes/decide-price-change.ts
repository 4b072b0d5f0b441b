import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, nextPeriod, type Period, periodOf } from '../accounts/billing-period.ts'
import type { FrozenPrices } from '../plans/frozen-prices.ts'
import type { MonthlyLine } from '../plans/month-lines.ts'
import type { PlanVersion } from '../plans/plan.ts'
import { priceTerm } from '../plans/price-plan.ts'
import { type Subscription, termOf } from '../plans/subscription.ts'
import { versionForMonth, withLaterServices } from '../plans/version-for-month.ts'

/** A fee that changes for an account; of a service that it takes, or of the base fee. */
export type ChangedFee = { service: string; name: string; beforeMicros: bigint; afterMicros: bigint }

/** What a version of a plan changes for one account. */
export type PriceChange = {
  planId: string
  planVersion: number
  planName: string
  effectiveFrom: string
  /** The first month that is priced by it. */
  fromPeriod: Period
  /** What that month would cost by what the client knew, and what it costs now, for all that is taken in it. */
  beforeMicros: bigint
  afterMicros: bigint
  fees: ChangedFee[]
}

export type PriceChangeInput = {
  account: Pick<Account, 'timeZone'>
  subscription: Subscription
  /** All of the plan's, oldest first. */
  versions: readonly PlanVersion[]
  version: PlanVersion
  /** Whether the client knows of an older version, which has begun or was told of. */
  isKnown: (version: PlanVersion) => boolean
  /** Of the months that `candidatePeriods` names, those whose runs are open. */
  frozen: readonly FrozenPrices[]
}

/** The months of which one is the first that a version may price: the first to begin with it, or, its run being open, the next. */
export function candidatePeriods({ effectiveFrom }: PlanVersion, timeZone: string): [Period, Period] {
  const period = periodOf(effectiveFrom, timeZone)
  const isAtBeginning = beginningOfPeriod(period, timeZone) >= effectiveFrom
  const first = isAtBeginning ? period : nextPeriod(period)
  return [first, nextPeriod(first)]
}

/**
 * What a version changes for an account, by its own quantities and agreed prices. Undefined where that is nothing: the
 * account's month costs what it would have, another version has taken this one's place before any month began, or the
 * account does not take the plan by then.
 */
export function decidePriceChange(input: PriceChangeInput): PriceChange | undefined {
  const { account, subscription, versions, version, isKnown } = input
  const fromPeriod = findFirstPeriod(input)
  if (fromPeriod === undefined) return undefined
  const term = termOf(subscription, fromPeriod)
  if (!term || term.isEnded || term.planId !== version.planId) return undefined
  const older = versions.filter((other) => other.version < version.version && isKnown(other))
  const before = versionForMonth(older, beginningOfPeriod(fromPeriod, account.timeZone), undefined)
  if (!before) return undefined
  const price = (by: PlanVersion) =>
    priceTerm(term, withLaterServices(by, versions), {
      overrides: subscription.overrides,
      period: fromPeriod,
    })
  const [linesBefore, linesAfter] = [price(before), price(version)]
  const [beforeMicros, afterMicros] = [totalOf(linesBefore), totalOf(linesAfter)]
  if (beforeMicros === afterMicros) return undefined
  return {
    planId: version.planId,
    planVersion: version.version,
    planName: version.name,
    effectiveFrom: version.effectiveFrom,
    fromPeriod,
    beforeMicros,
    afterMicros,
    fees: changedFees(linesBefore, linesAfter),
  }
}

function findFirstPeriod({ account, versions, version, frozen }: PriceChangeInput): Period | undefined {
  for (const period of candidatePeriods(version, account.timeZone)) {
    const open = frozen.find((run) => run.period === period)
    const found = versionForMonth(versions, beginningOfPeriod(period, account.timeZone), open)
    if (found?.version === version.version) return period
    // Of a run that did not know it, it may price the next month; otherwise another has taken its place.
    if (!open) return undefined
  }
  return undefined
}

function totalOf(lines: readonly MonthlyLine[]): bigint {
  return lines.reduce((sum, { quantity, unitFeeMicros }) => sum + quantity * unitFeeMicros, 0n)
}

function changedFees(before: readonly MonthlyLine[], after: readonly MonthlyLine[]): ChangedFee[] {
  const services = new Set([...before, ...after].map(({ service }) => service))
  return [...services].flatMap((service) => {
    // A base fee of zero has no line.
    const [old, next] = [before, after].map((lines) => lines.find((line) => line.service === service))
    const [beforeMicros, afterMicros] = [old?.unitFeeMicros ?? 0n, next?.unitFeeMicros ?? 0n]
    if (beforeMicros === afterMicros) return []
    return [{ service, name: (next ?? old)!.name, beforeMicros, afterMicros }]
  })
}
