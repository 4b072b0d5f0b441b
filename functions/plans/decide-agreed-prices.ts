import { nextPeriod, type Period } from '../accounts/billing-period.ts'
import type { AgreedPrice } from './agreed-price.ts'
import type { FieldRefusal } from './decide-subscription.ts'

/** A price as it is asked for. */
export type WishedPrice = Omit<AgreedPrice, 'setAt' | 'setBy'>

export type AgreedPricesDecision =
  | { ok: true; unchanged: boolean; overrides: AgreedPrice[] }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }

export type AgreedPricesInput = {
  before: readonly AgreedPrice[]
  wishes: readonly WishedPrice[]
  /** The month that has begun: it and all before it keep their prices. */
  currentPeriod: Period
  /** The oldest month that is still to be charged; undefined without any. */
  oldestDuePeriod: Period | undefined
  /** ISO instant. */
  now: string
  actor: string
}

/**
 * Puts a whole list of an account's agreed prices in the place of the one before. Of a month that has begun nothing changes:
 * a price that has begun and is left out ends with that month, one that is named again may end then or later, and a new one
 * begins with the next month or later. No two of a service overlap. Prices that ended before the oldest month that may
 * still be charged are forgotten. Each refusal names its field.
 */
export function decideAgreedPrices(input: AgreedPricesInput): AgreedPricesDecision {
  const { before, wishes, currentPeriod, now, actor } = input
  const oldest = earlierOf(input.oldestDuePeriod ?? currentPeriod, currentPeriod)
  const errors: FieldRefusal[] = []
  const named = wishes.map((wish, index) => {
    const standing = before.find((price) => isSamePrice(price, wish))
    const refusal = findMisfit(wish, standing, currentPeriod)
    if (refusal) errors.push({ field: `prices.${index}.${refusal.field}`, detail: refusal.detail })
    if (standing && isSameAs(standing, wish)) return standing
    return { ...wish, setAt: now, setBy: actor }
  })
  const left = before
    .filter((price) => !wishes.some((wish) => isSamePrice(price, wish)) && price.fromPeriod <= currentPeriod)
    .map((price) => ({
      ...price,
      throughPeriod: earlierOf(price.throughPeriod ?? currentPeriod, currentPeriod),
    }))
  if (errors.length === 0) errors.push(...findOverlaps(wishes, left))
  if (errors.length > 0) return { ok: false, reason: 'request_invalid', errors }
  const overrides = [...named, ...left]
    .filter(({ throughPeriod }) => throughPeriod === undefined || throughPeriod >= oldest)
    .toSorted(inOrder)
  return { ok: true, unchanged: isSameList(overrides, before), overrides }
}

type Misfit = { field: 'fromPeriod' | 'throughPeriod'; detail: string }

function findMisfit(
  wish: WishedPrice,
  standing: AgreedPrice | undefined,
  currentPeriod: Period,
): Misfit | undefined {
  const { fromPeriod, throughPeriod } = wish
  if (throughPeriod !== undefined && throughPeriod < fromPeriod)
    return { field: 'throughPeriod', detail: 'must not be before fromPeriod' }
  if (fromPeriod > currentPeriod) return undefined
  if (!standing) {
    const first = nextPeriod(currentPeriod)
    return {
      field: 'fromPeriod',
      detail: `must be ${first} or later: a month that has begun keeps its prices`,
    }
  }
  if (throughPeriod === standing.throughPeriod) return undefined
  const hasEnded = standing.throughPeriod !== undefined && standing.throughPeriod < currentPeriod
  const endsBefore = throughPeriod !== undefined && throughPeriod < currentPeriod
  if (!hasEnded && !endsBefore) return undefined
  return {
    field: 'throughPeriod',
    detail: hasEnded
      ? `must stay ${standing.throughPeriod}: months that have begun keep their prices`
      : `must be ${currentPeriod} or later: a month that has begun keeps its prices`,
  }
}

/** The same fee of the same service from the same month on, however long. */
function isSamePrice(one: WishedPrice, other: WishedPrice): boolean {
  return (
    one.service === other.service &&
    one.fromPeriod === other.fromPeriod &&
    one.unitFeeMicros === other.unitFeeMicros
  )
}

function isSameAs(one: WishedPrice, other: WishedPrice): boolean {
  return isSamePrice(one, other) && one.throughPeriod === other.throughPeriod && one.reason === other.reason
}

function isSameList(one: readonly AgreedPrice[], other: readonly AgreedPrice[]): boolean {
  return one.length === other.length && one.every((price, index) => isSameAs(price, other[index]!))
}

function findOverlaps(wishes: readonly WishedPrice[], left: readonly AgreedPrice[]): FieldRefusal[] {
  return wishes.flatMap((wish, index) => {
    const others = [...wishes.slice(0, index), ...left]
    const overlaps = others.some((other) => other.service === wish.service && areOverlapping(other, wish))
    const detail = `overlaps another price of ${wish.service}`
    return overlaps ? [{ field: `prices.${index}.fromPeriod`, detail }] : []
  })
}

function areOverlapping(one: WishedPrice, other: WishedPrice): boolean {
  const beginsInTime = (price: WishedPrice, { throughPeriod }: WishedPrice) =>
    throughPeriod === undefined || price.fromPeriod <= throughPeriod
  return beginsInTime(one, other) && beginsInTime(other, one)
}

function inOrder(one: AgreedPrice, other: AgreedPrice): number {
  if (one.service !== other.service) return one.service < other.service ? -1 : 1
  return one.fromPeriod < other.fromPeriod ? -1 : 1
}

function earlierOf(one: Period, other: Period): Period {
  return one < other ? one : other
}
