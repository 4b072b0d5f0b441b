import { DUE_SHARDS } from '../functions/plans/plan-keys.ts'

/**
 * What AWS lets a run take, with the pages that say so (read 2026-11).
 */
export const LIMITS = {
  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
  partitionWriteUnitsPerSecond: 1000,
  /** Per table or index, by default: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
  tableWriteUnitsPerSecond: 40_000,
  /** What a new on-demand table takes at once: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html */
  newTableWriteUnitsPerSecond: 4000,
  /**
   * Segments that are charged at once: lib/constructs/runs.ts. Lambda starts five for a queue and adds up to 300 a minute:
   * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
   */
  segmentsAtOnce: 50,
} as const

/**
 * How long a call to DynamoDB is taken to last where network lies between: no measurement, but twice what AWS calls
 * single-digit milliseconds. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html
 */
export const ASSUMED_CALL_MILLISECONDS = 10
/** As functions/runs/charge-segment.store.ts charges them. */
const ACCOUNTS_AT_ONCE = 20

export type RunMeasured = {
  /** What an account takes of a worker's processor on this machine, whatever else runs on it. */
  processorMillisecondsPerAccount: number
  /** Of the hourly look that writes segments, by its processor's time. */
  foundPerSecond: number
  /** Calls to the database for one account. */
  callsPerAccount: number
  ledgerUnitsPerAccount: number
  documentUnitsPerAccount: number
  indexUnitsPerAccount: number
}

/** What of a worker's time an account's calls take, one after another, beside those of the others that are charged at once. */
const waitMillisecondsPerAccount = ({ callsPerAccount }: RunMeasured) =>
  (callsPerAccount * ASSUMED_CALL_MILLISECONDS) / ACCOUNTS_AT_ONCE

/** The time of a worker that an account is billed for: it computes for one while it waits for others. */
export const workerMillisecondsPerAccount = (measured: RunMeasured) =>
  Math.max(measured.processorMillisecondsPerAccount, waitMillisecondsPerAccount(measured))

/** Accounts a second, by each thing that bounds them; the least of them counts. */
export function bounds(measured: RunMeasured): Record<string, number> {
  const { segmentsAtOnce, tableWriteUnitsPerSecond, partitionWriteUnitsPerSecond } = LIMITS
  return {
    'workers’ processors': (segmentsAtOnce * 1000) / measured.processorMillisecondsPerAccount,
    'workers’ calls, one after another': (segmentsAtOnce * 1000) / waitMillisecondsPerAccount(measured),
    'ledger table': tableWriteUnitsPerSecond / measured.ledgerUnitsPerAccount,
    'documents table': tableWriteUnitsPerSecond / measured.documentUnitsPerAccount,
    'partitions of what is due': (DUE_SHARDS * partitionWriteUnitsPerSecond) / measured.indexUnitsPerAccount,
  }
}

/** Minutes that a run over so many accounts takes, all in one time zone: written down as segments, then charged. */
export function minutesOf(accounts: number, measured: RunMeasured): number {
  const perSecond = Math.min(...Object.values(bounds(measured)))
  return (accounts / perSecond + accounts / measured.foundPerSecond) / 60
}

/** The same where the tables are new, and nobody has prepared them for what comes. */
export function minutesOnNewTables(accounts: number, measured: RunMeasured): number {
  const { ledgerUnitsPerAccount, documentUnitsPerAccount } = measured
  const most = Math.max(ledgerUnitsPerAccount, documentUnitsPerAccount)
  const perSecond = Math.min(LIMITS.newTableWriteUnitsPerSecond / most, ...Object.values(bounds(measured)))
  return (accounts / perSecond + accounts / measured.foundPerSecond) / 60
}
