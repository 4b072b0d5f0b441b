import { formatAmount } from '../ledger/money.ts'
import { chargeTiers, microsOf, type Tier, type TierPart } from './charge-tiers.ts'

/** What a use of some seconds costs. */
export type DurationTerms = {
  per: 'second' | 'minute'
  tiers: readonly Tier[]
  firstIntervalSeconds: number
  incrementSeconds: number
  minimumSeconds: number
  connectionFee: string
  freeSeconds: number
}

/** One step from the seconds used to the amount, in the order in which they were taken. */
export type RatingStep =
  | { step: 'used' | 'minimum' | 'first_interval' | 'increment'; seconds: string }
  | { step: 'unanswered' | 'within_free_seconds'; seconds: '0' }
  | { step: 'rate'; amount: string; parts: TierPart[]; per: 'second' | 'minute'; rounding: string }
  | { step: 'connection_fee'; amount: string }

export type DurationRating = { amountMicros: bigint; billedSeconds: bigint; steps: RatingStep[] }

/**
 * The seconds that are billed: at least the minimum; the first interval whole; what follows rounded up to a multiple of
 * the increment.
 */
function billedSecondsOf(
  terms: Omit<DurationTerms, 'tiers' | 'per' | 'connectionFee'>,
  seconds: bigint,
): { billedSeconds: bigint; steps: RatingStep[] } {
  const steps: RatingStep[] = [{ step: 'used', seconds: seconds.toString() }]
  if (seconds === 0n) return { billedSeconds: 0n, steps: [...steps, { step: 'unanswered', seconds: '0' }] }
  if (seconds <= BigInt(terms.freeSeconds))
    return { billedSeconds: 0n, steps: [...steps, { step: 'within_free_seconds', seconds: '0' }] }

  const minimum = BigInt(terms.minimumSeconds)
  const first = BigInt(terms.firstIntervalSeconds)
  const increment = BigInt(terms.incrementSeconds)
  let billed = seconds
  if (billed < minimum) {
    billed = minimum
    steps.push({ step: 'minimum', seconds: billed.toString() })
  }
  if (billed < first) {
    billed = first
    steps.push({ step: 'first_interval', seconds: billed.toString() })
  }
  const over = (billed - first) % increment
  if (over > 0n) {
    billed += increment - over
    steps.push({ step: 'increment', seconds: billed.toString() })
  }
  return { billedSeconds: billed, steps }
}

/**
 * Rates a use of some whole seconds, in this order:
 * 1. no seconds (a call that nobody answered) is free, connection fee included;
 * 2. a use of at most the free seconds is free, connection fee included; a longer one is billed from its first second;
 * 3. the minimum; 4. the first interval; 5. increments after the first interval;
 * 6. times the rate, over the tiers, rounded once (half even, to a micro); 7. plus the connection fee.
 *
 * Steps 1, 2 and 7 are how Kazoo bills (kapps_call_util:calculate_call): seconds ≤ rate_nocharge_time cost nothing at
 * all, and the surcharge belongs to answered calls. With first interval = minimum, steps 3 to 5 are Kazoo's
 * `minimum + ceiling((seconds - minimum) / increment) × increment`.
 */
export function rateDuration(
  terms: DurationTerms,
  seconds: bigint,
  alreadyUsedSeconds: bigint,
  currency: string,
): DurationRating {
  const { billedSeconds, steps } = billedSecondsOf(terms, seconds)
  if (billedSeconds === 0n) return { amountMicros: 0n, billedSeconds, steps }
  const perSeconds = terms.per === 'minute' ? 60n : 1n
  const timed = chargeTiers(terms.tiers, billedSeconds, alreadyUsedSeconds, perSeconds)
  steps.push({
    step: 'rate',
    amount: formatAmount(timed.amountMicros, currency),
    parts: timed.parts,
    per: terms.per,
    rounding: 'half_even',
  })
  const feeMicros = microsOf(terms.connectionFee)
  if (feeMicros > 0n) steps.push({ step: 'connection_fee', amount: formatAmount(feeMicros, currency) })
  return { amountMicros: timed.amountMicros + feeMicros, billedSeconds, steps }
}
