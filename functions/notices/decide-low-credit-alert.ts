/** What is remembered of an account's dips below its threshold, under `ALERT#low_credit`. */
export type AlertState = {
  /** `armed`: the next dip is told. `telling`: this dip is being told. `told`: nothing until the credit has recovered. */
  phase: 'armed' | 'telling' | 'told'
  /** Counts the dips that were told or are being told. */
  dip: bigint
  /** When the last was decided to be told. */
  alertedAt?: string
  /** The ledger entry up to which this state has seen the balance. */
  sequence: bigint
  /** What the dip that is being told looked like. */
  availableMicros?: bigint
  thresholdMicros?: bigint
  /** Counts the writes. */
  revision: bigint
}

export type BalanceSeen = { availableMicros: bigint; sequence: bigint; thresholdMicros: bigint; now: string }

/** What is to be written before anything is told; undefined when nothing is to be done. */
export type AlertDecision = AlertState | undefined

export const COOLDOWN_HOURS = 24
const COOLDOWN_MILLISECONDS = COOLDOWN_HOURS * 3_600_000
/** The next dip is told only after the credit has been at 120 % of the threshold: six fifths. */
const REARM = { numerator: 6n, denominator: 5n }

export const UNSEEN: AlertState = { phase: 'armed', dip: 0n, sequence: 0n, revision: 0n }

/**
 * A dip is told once: when the credit is seen below the threshold (never for a threshold of zero), again only after it has
 * been at 120 % of it, and at most once in 24 hours. A balance older than one that was seen changes nothing, so that late and doubled
 * messages don't either.
 */
export function decideLowCreditAlert(state: AlertState, seen: BalanceSeen): AlertDecision {
  const { availableMicros, sequence, thresholdMicros, now } = seen
  if (sequence < state.sequence || state.phase === 'telling') return undefined
  const next = { ...state, sequence, revision: state.revision + 1n }
  const hasRecovered = availableMicros * REARM.denominator >= thresholdMicros * REARM.numerator
  if (state.phase === 'told') return hasRecovered ? { ...next, phase: 'armed' } : undefined
  if (availableMicros >= thresholdMicros || isCoolingDown(state, now)) return undefined
  return { ...next, phase: 'telling', dip: state.dip + 1n, alertedAt: now, availableMicros, thresholdMicros }
}

/** The dip has been told. */
export function markTold(state: AlertState): AlertState {
  return { ...state, phase: 'told', revision: state.revision + 1n }
}

function isCoolingDown({ alertedAt }: AlertState, now: string): boolean {
  return alertedAt !== undefined && Date.parse(now) - Date.parse(alertedAt) < COOLDOWN_MILLISECONDS
}
