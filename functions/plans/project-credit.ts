import { addYears, beginningOfDay, type LocalDay } from '../accounts/local-day.ts'
import { laterOf } from '../edge/later-of.ts'
import { type CreditUntil, creditAt } from '../ledger/credit-at.ts'
import { smaller } from '../ledger/lot.ts'
import { dayAt, expectUsage } from '../pace/expect-usage.ts'
import type { UsagePace } from '../pace/pace.ts'

/** What is looked at: the credit as of an instant, and how fast usage takes it. */
export type CreditSeen = { at: string; timeZone: string; credit: CreditUntil; pace?: UsagePace }

export type Projection = {
  /** What may be used now: available credit that has not expired. */
  usableMicros: bigint
  /** What usage is expected to take until then. */
  expectedUsageMicros: bigint
  /** What will have expired by then without having been used. */
  expiredMicros: bigint
  /** What is available then: what may be used now, less the two and what is set aside meanwhile; never below zero. */
  projectedMicros: bigint
  /** What is set aside for the plan then, with what is now. */
  projectedSetAsideMicros: bigint
  /** What of the expected usage the credit does not suffice for. */
  unmetMicros: bigint
}

/** A payment that falls due: of the service plan, on a first. What is set aside pays it, unless it is spared for others. */
export type PlannedCharge = { at: string; amountMicros: bigint; sparesSetAside?: boolean }
/** From then on so much is to be set aside for the plan, as far as there is credit that lasts beyond an instant. */
export type PlannedSetAside = { at: string; targetMicros: bigint; lastingBeyond: string }
/** What the plan takes: usage takes nothing of what is set aside, and charges take that first. */
export type Planned = {
  setAsideMicros: bigint
  setAsides: readonly PlannedSetAside[]
  charges: readonly PlannedCharge[]
}
export const NOTHING_PLANNED: Planned = { setAsideMicros: 0n, setAsides: [], charges: [] }

export type Runway =
  /** The credit is used up then, or does not cover the plan's charge of that instant. */
  | { lasts: 'until'; at: string; day: LocalDay; endedBy: 'usage' | 'plan_charge' }
  /** It is not empty when the outlook ends. */
  | { lasts: 'beyond'; day: LocalDay }
  /** Nothing takes it: neither usage nor a plan that costs something. */
  | { lasts: 'unknown'; reason: 'nothing_is_taken' }

/** A runway that is longer than this is only called longer. */
const OUTLOOK_YEARS = 1

/** Up to when it is looked: a year from today, as that day begins. */
export function endOfOutlook(at: string, timeZone: string): string {
  return beginningOfDay(addYears(dayAt(at, timeZone), OUTLOOK_YEARS), timeZone)
}

/** Credit in parts, soonest expiry first; what never expires last. */
type Part = { expiresAt?: string; micros: bigint }

/**
 * What will be left of the credit at an instant. Usage takes what expires soonest first, as the ledger does, so that only
 * what is not used before expires. Usage that comes in between is expected at the pace, rounded up once for the whole time.
 */
export function projectCredit(seen: CreditSeen, until: string, planned = NOTHING_PLANNED): Projection {
  const usableMicros = creditAt(seen.credit, seen.at).usableMicros
  const before = { ...planned, setAsides: planned.setAsides.filter((each) => each.at < until), charges: [] }
  const { leftMicros, asideMicros, unmetMicros } = walkTo(until, seen, before)
  const expectedUsageMicros = expectUsage(seen.pace, seen.at, until, seen.timeZone)
  const setAsideMicros = asideMicros - planned.setAsideMicros
  return {
    usableMicros,
    expectedUsageMicros,
    expiredMicros: usableMicros - (expectedUsageMicros - unmetMicros) - setAsideMicros - leftMicros,
    projectedMicros: leftMicros,
    projectedSetAsideMicros: asideMicros,
    unmetMicros,
  }
}

/**
 * The least that has to be topped up now, of credit that does not expire, so that every charge up to an instant is covered while
 * usage goes on at the pace; 0 when they are. Usage takes of a top-up, too, what the credit does not suffice for.
 */
export function findMissing(seen: CreditSeen, until: string, planned: Planned): bigint {
  const before = { ...planned, setAsides: planned.setAsides.filter((each) => each.at < until) }
  const stretches = stretchesOf(seen, until, before)
  const lack = (toppedUpMicros: bigint) => walkTo(until, seen, before, { stretches, toppedUpMicros })
  const { uncoveredMicros, unmetMicros } = lack(0n)
  const covers = (toppedUpMicros: bigint) => lack(toppedUpMicros).uncoveredMicros === 0n
  // Each unit covers at most one that is not covered; what would be set aside of it decides how much more usage takes.
  return leastOf(uncoveredMicros, uncoveredMicros + unmetMicros, covers)
}

/** The least number of a range for which something holds that holds for its last one, and for all above the least. */
function leastOf(first: bigint, last: bigint, holds: (each: bigint) => boolean): bigint {
  if (first === last || holds(first)) return first
  // Where nothing is set aside it is the last one.
  if (!holds(last - 1n)) return last
  let [low, high] = [first, last - 1n]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

/**
 * Until when the credit lasts: usage at the pace, what is set aside, the plan's charges on their firsts, and what expires are
 * taken from it. It ends where nothing is left for what is used, or where a charge of the plan is not covered.
 */
export function findRunway(seen: CreditSeen, { charges, ...planned }: Planned): Runway {
  const { at, timeZone, pace } = seen
  const isUsed = pace !== undefined && pace.usedMicros > 0n
  const due = charges.filter(({ amountMicros }) => amountMicros > 0n)
  if (!isUsed && due.length === 0) return { lasts: 'unknown', reason: 'nothing_is_taken' }
  const end = endOfOutlook(at, timeZone)
  const plannedDue = { ...planned, charges: due }
  const walk = walkCredit(seen, stretchesOf(seen, end, plannedDue), plannedDue)
  for (let walked = walk.next(); !walked.done; walked = walk.next()) {
    const { emptyAt, uncoveredAt } = walked.value
    if (isUsed && emptyAt !== undefined) return until(emptyAt(), timeZone, 'usage')
    if (uncoveredAt !== undefined) return until(uncoveredAt, timeZone, 'plan_charge')
  }
  return { lasts: 'beyond', day: dayAt(end, timeZone) }
}

function until(at: string, timeZone: string, endedBy: 'usage' | 'plan_charge'): Runway {
  return { lasts: 'until', at, day: dayAt(at, timeZone), endedBy }
}

/** `emptyAt` is reckoned only where it is asked for. */
type Walked = { emptyAt?: () => string; uncoveredAt?: string }
type Reached = {
  leftMicros: bigint
  asideMicros: bigint
  /** What of the usage, and of the charges, there was no credit for. */
  unmetMicros: bigint
  uncoveredMicros: bigint
}
/** Between two instants at which something expires, is charged or set aside. */
type Stretch = { from: string; until: string; askedMicros: bigint }

function stretchesOf({ at, timeZone, credit, pace }: CreditSeen, last: string, planned: Planned): Stretch[] {
  let [from, usedMicros] = [at, 0n]
  return instantsOf(partsOf(credit, at), [...planned.charges, ...planned.setAsides], at, last).map(
    (until) => {
      const usedBy = expectUsage(pace, at, until, timeZone)
      const stretch = { from, until, askedMicros: usedBy - usedMicros }
      ;[from, usedMicros] = [until, usedBy]
      return stretch
    },
  )
}

function walkTo(
  until: string,
  seen: CreditSeen,
  planned: Planned,
  { stretches = stretchesOf(seen, until, planned), toppedUpMicros = 0n } = {},
): Reached {
  const walk = walkCredit(seen, stretches, planned, toppedUpMicros)
  let walked = walk.next()
  while (!walked.done) walked = walk.next()
  return walked.value
}

/**
 * Goes from instant to instant. Says of each stretch where usage has emptied the credit in it, and of its end whether what is
 * charged then is covered; ends with what is left.
 */
function* walkCredit(
  { at, timeZone, credit, pace }: CreditSeen,
  stretches: readonly Stretch[],
  { setAsideMicros, setAsides, charges }: Planned,
  toppedUpMicros = 0n,
): Generator<Walked, Reached> {
  let parts = [...partsOf(credit, at), { micros: toppedUpMicros }]
  let asideMicros = setAsideMicros
  let [unmetMicros, uncoveredMicros] = [0n, 0n]
  for (const { from, until, askedMicros } of stretches) {
    const hadMicros = sumOf(parts)
    if (askedMicros >= hadMicros) {
      const usedBy = (instant: string) => expectUsage(pace, at, instant, timeZone)
      yield {
        emptyAt: () => firstInstant(from, until, (each) => usedBy(each) - usedBy(from) >= hadMicros),
      }
    }
    unmetMicros += askedMicros - smaller(askedMicros, hadMicros)
    parts = withoutExpired(draw(parts, askedMicros), until)
    // What is due already is charged at once.
    const due = charges.filter((charge) => laterOf(charge.at, at) === until)
    const dueMicros = amountOf(due)
    const fromAsideMicros = smaller(asideMicros, amountOf(due.filter((charge) => !charge.sparesSetAside)))
    asideMicros -= fromAsideMicros
    const restMicros = dueMicros - fromAsideMicros
    const coveredMicros = smaller(sumOf(parts), restMicros)
    if (restMicros > coveredMicros) yield { uncoveredAt: until }
    uncoveredMicros += restMicros - coveredMicros
    parts = draw(parts, restMicros)
    for (const each of setAsides.filter((planned) => planned.at === until)) {
      const before = sumOf(parts)
      parts = drawLasting(parts, each, asideMicros)
      asideMicros += before - sumOf(parts)
    }
  }
  return { leftMicros: sumOf(parts), asideMicros, unmetMicros, uncoveredMicros }
}

const amountOf = (charges: readonly PlannedCharge[]) =>
  charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)

function instantsOf(
  parts: readonly Part[],
  planned: readonly { at: string }[],
  at: string,
  last: string,
): string[] {
  const expiries = parts.flatMap(({ expiresAt }) => expiresAt ?? [])
  const dues = planned.map((each) => laterOf(each.at, at))
  const wanted = [...expiries, ...dues, last].filter((instant) => instant <= last)
  return [...new Set(wanted)].toSorted()
}

function partsOf(credit: CreditUntil, at: string): Part[] {
  const expiring = credit.lots
    .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt > at)
    .map(({ expiresAt, remainingMicros }) => ({ expiresAt, micros: remainingMicros }))
  const { usableMicros } = creditAt(credit, at)
  return [...expiring, { micros: usableMicros - sumOf(expiring) }]
}

/** Takes an amount, as far as there is that much. */
function draw(parts: readonly Part[], amountMicros: bigint): Part[] {
  let missing = amountMicros
  return parts.map((part) => {
    const drawn = smaller(part.micros, missing)
    missing -= drawn
    return { ...part, micros: part.micros - drawn }
  })
}

/** Takes what is missing of what is to be set aside, of parts that last beyond the charge. */
function drawLasting(
  parts: readonly Part[],
  { targetMicros, lastingBeyond }: PlannedSetAside,
  asideMicros: bigint,
): Part[] {
  if (targetMicros <= asideMicros) return [...parts]
  const lasting = withoutExpired(parts, lastingBeyond)
  const drawn = draw(lasting, targetMicros - asideMicros)
  return [...parts.filter((part) => !lasting.includes(part)), ...drawn]
}

function withoutExpired(parts: readonly Part[], at: string): Part[] {
  return parts.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > at)
}

const sumOf = (parts: readonly Part[]) => parts.reduce((sum, { micros }) => sum + micros, 0n)

/** The first instant of a stretch, to a millisecond, from which on something holds that holds at its end. */
function firstInstant(from: string, until: string, holds: (instant: string) => boolean): string {
  let [low, high] = [Date.parse(from), Date.parse(until)]
  const instantOf = (milliseconds: number) => new Date(milliseconds).toISOString()
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (holds(instantOf(middle))) high = middle
    else low = middle + 1
  }
  return instantOf(low)
}
