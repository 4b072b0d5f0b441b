import type { Period } from '../accounts/billing-period.ts'
import type { BusEvent } from '../events/event.ts'
import type { MonthAhead } from './look-ahead.ts'

/**
 * `expected`: automatic top-up will cover the month, and nobody is warned. `warned`: the client is told what is missing.
 * `withdrawn`: the month was funded after that.
 */
export const WARNING_STATUSES = ['expected', 'warned', 'withdrawn'] as const
export type WarningStatus = (typeof WARNING_STATUSES)[number]

export const WARNING_TRANSITIONS = {
  expected: ['warned'],
  warned: ['withdrawn'],
  withdrawn: [],
} as const satisfies Record<WarningStatus, readonly WarningStatus[]>

/** What an account was told of a month that its credit would not cover: one document, `WARNING#<month>`. */
export type Warning = {
  accountId: string
  period: Period
  status: WarningStatus
  /** What the bus is told of this status, as it was when the status was written. */
  event: Extract<BusEvent, { detailType: WarningEventName }>
  /** Whether the bus has been told. */
  isTold: boolean
  /** What the client was asked to top up, and the newest entry of the ledger by then. */
  askedMicros: bigint
  sequence: bigint
  /** When it came to this status. */
  at: string
  /** Counts the writes. */
  revision: bigint
}

export type WarningEventName = 'plan.automatic_top_up_expected' | 'plan.warning' | 'plan.warning_withdrawn'

export type CoverageSeen = {
  /** Absent when the month is not to come any more. */
  month?: Pick<
    MonthAhead,
    'totalMicros' | 'projectedResumptionMicros' | 'projectedShortfallMicros' | 'shortfallMicros'
  >
  isTopUpExpected: boolean
  /** What has raised the credit since the client was asked to top up. */
  raisedMicros: bigint
}

/**
 * What an account is to be told of a month next; undefined when nothing. A month is warned of once, and a warning withdrawn
 * once: when the month is covered at the pace of usage, or when what the warning asked for has come in and today's credit
 * covers the month, however fast usage has become since.
 */
export function decideWarning(
  status: WarningStatus | undefined,
  { month, isTopUpExpected, raisedMicros }: CoverageSeen,
  askedMicros = 0n,
): WarningStatus | undefined {
  if (!month) return undefined
  const isCovered = month.projectedShortfallMicros === 0n
  switch (status) {
    case undefined:
    case 'expected': {
      const next = isTopUpExpected ? 'expected' : 'warned'
      // Where only earlier months are owed nothing is charged on the first: reminders tell of those.
      const isNothingDue = month.totalMicros + month.projectedResumptionMicros === 0n
      return isCovered || isNothingDue || next === status ? undefined : next
    }
    case 'warned': {
      const isAskedForIn = raisedMicros >= askedMicros && month.shortfallMicros === 0n
      return isCovered || isAskedForIn ? 'withdrawn' : undefined
    }
    case 'withdrawn':
      return undefined
  }
}
