import { addYears, beginningOfDay, type LocalDay } from '../accounts/local-day.ts'
import { laterOf } from '../edge/later-of.ts'
import { type CreditUntil, creditAt } from '../ledger/credit-at.ts'
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

/** A payment that falls due: of the service plan, on a first. */
export type PlannedCharge = { at: string; amountMicros: bigint }
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
  const setAsides = planned.setAsides.filter((each) => each.at < until)
  const walk = walkCredit(seen, until, { ...planned, setAsides, charges: [] })
  let walked = walk.next()
  while (!walked.done) walked = walk.next()
  const { leftMicros, asideMicros, unmetMicros } = walked.value
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
 * Until when the credit lasts: usage at the pace, what is set aside, the plan's charges on their firsts, and what expires are
 * taken from it. It ends where nothing is left for what is used, or where a charge of the plan is not covered.
 */
export function findRunway(seen: CreditSeen, { charges, ...planned }: Planned): Runway {
  const { at, timeZone, pace } = seen
  const isUsed = pace !== undefined && pace.usedMicros > 0n
  const due = charges.filter(({ amountMicros }) => amountMicros > 0n)
  if (!isUsed && due.length === 0) return { lasts: 'unknown', reason: 'nothing_is_taken' }
  const end = endOfOutlook(at, timeZone)
  const walk = walkCredit(seen, end, { ...planned, charges: due })
  for (let walked = walk.next(); !walked.done; walked = walk.next()) {
    const { emptyAt, uncoveredAt } = walked.value
    if (isUsed && emptyAt !== undefined) return until(emptyAt, timeZone, 'usage')
    if (uncoveredAt !== undefined) return until(uncoveredAt, timeZone, 'plan_charge')
  }
  return { lasts: 'beyond', day: dayAt(end, timeZone) }
}

function until(at: string, timeZone: string, endedBy: 'usage' | 'plan_charge'): Runway {
  return { lasts: 'until', at, day: dayAt(at, timeZone), endedBy }
}

type Walked = { emptyAt?: string; uncoveredAt?: string }

/**
 * Goes from instant to instant at which something expires, is charged or set aside, up to the last. Says of each stretch where
 * usage has emptied the credit in it, and of its end whether what is charged then is covered; ends with what is left.
 */
function* walkCredit(
  { at, timeZone, credit, pace }: CreditSeen,
  last: string,
  { setAsideMicros, setAsides, charges }: Planned,
): Generator<Walked, { leftMicros: bigint; asideMicros: bigint; unmetMicros: bigint }> {
  const usedBy = (instant: string) => expectUsage(pace, at, instant, timeZone)
  let parts = partsOf(credit, at)
  let reached = at
  let asideMicros = setAsideMicros
  let unmetMicros = 0n
  for (const instant of instantsOf(parts, [...charges, ...setAsides], at, last)) {
    const before = usedBy(reached)
    const askedMicros = usedBy(instant) - before
    const hadMicros = sumOf(parts)
    if (askedMicros >= hadMicros)
      yield { emptyAt: firstInstant(reached, instant, (each) => usedBy(each) - before >= hadMicros) }
    unmetMicros += askedMicros > hadMicros ? askedMicros - hadMicros : 0n
    parts = withoutExpired(draw(parts, askedMicros), instant)
    // What is due already is charged at once.
    const due = charges.filter((charge) => laterOf(charge.at, at) === instant)
    const dueMicros = due.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
    const restMicros = dueMicros - smaller(asideMicros, dueMicros)
    asideMicros -= dueMicros - restMicros
    if (restMicros > sumOf(parts)) yield { uncoveredAt: instant }
    parts = draw(parts, restMicros)
    for (const each of setAsides.filter((planned) => planned.at === instant)) {
      const before = sumOf(parts)
      parts = drawLasting(parts, each, asideMicros)
      asideMicros += before - sumOf(parts)
    }
    reached = instant
  }
  return { leftMicros: sumOf(parts), asideMicros, unmetMicros }
}

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

function smaller(one: bigint, other: bigint): bigint {
  if (one < other) return one
  return other
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
