import type { Period } from '../accounts/billing-period.ts'

/** A fee that was agreed with one account, in place of the plan's: of a service, or of the base fee (`base-fee`). */
export type AgreedPrice = {
  service: string
  unitFeeMicros: bigint
  /** The first month that is priced by it. */
  fromPeriod: Period
  /** The last; absent where it has no end. */
  throughPeriod?: Period
  /** What was agreed, for people: the client's too. */
  reason: string
  setAt: string
  setBy: string
}

/** True for the months that a price is for. */
export function isOfPeriod({ fromPeriod, throughPeriod }: AgreedPrice, period: Period): boolean {
  return fromPeriod <= period && (throughPeriod === undefined || period <= throughPeriod)
}

/** A fee, and whether it is one that was agreed with the account. */
export type AccountFee = { unitFeeMicros: bigint; isAgreed?: true }

/** What a service costs an account in a month: the fee that was agreed for it, else the plan's. */
export function feeOf(
  overrides: readonly AgreedPrice[] | undefined,
  period: Period,
  service: string,
  planFeeMicros: bigint,
): AccountFee {
  const agreed = overrides?.find((price) => price.service === service && isOfPeriod(price, period))
  return agreed ? { unitFeeMicros: agreed.unitFeeMicros, isAgreed: true } : { unitFeeMicros: planFeeMicros }
}
