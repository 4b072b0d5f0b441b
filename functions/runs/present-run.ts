import { z } from 'zod'
import { money, moneyReply } from '../ledger/money.ts'
import { type ClosingScan, FINDING_KINDS, SCAN_OUTCOMES } from './closing-scan.ts'
import type { Run } from './run.ts'
import type { RunProgress } from './run-progress.ts'
import { OUTCOMES, type RunAmounts } from './segment.ts'

const countsReply = <const Names extends readonly string[]>(names: Names) =>
  z.object(Object.fromEntries(names.map((name) => [name, z.int()])) as Record<Names[number], z.ZodInt>)

const amountsReply = z
  .array(z.object({ charged: moneyReply, short: moneyReply }))
  .meta({ description: 'a line for each currency' })

const scanReply = z
  .object({
    status: z.enum(['running', 'done']),
    number: z.int().meta({ description: 'of the look: one that has found something is repeated each day' }),
    startedAt: z.string(),
    updatedAt: z.string(),
    accounts: z.int().meta({ description: 'looked over so far' }),
    counts: countsReply(SCAN_OUTCOMES),
    amounts: amountsReply,
    findingCount: z.int(),
    findings: z
      .array(z.object({ accountId: z.string(), kind: z.enum(FINDING_KINDS), detail: z.string() }))
      .meta({ description: 'the first hundred' }),
  })
  .meta({ id: 'RunClosingScan', description: 'proves that nobody was left out or charged twice' })

export const runSummaryReply = z
  .object({
    period: z.string().meta({ examples: ['2026-12'] }),
    openedAt: z.string(),
    status: z.enum(['open', 'closing', 'closed', 'does_not_close']).meta({
      description:
        '`closing`: all is looked over; `closed`: nothing was found; `does_not_close`: see the findings',
    }),
    closingScan: scanReply.nullable().meta({ description: 'null before the month has begun everywhere' }),
  })
  .meta({ id: 'RunSummary' })

export const runReply = runSummaryReply
  .extend({
    accounts: z.int().meta({ description: 'found due so far, each hour those whose month begins then' }),
    done: z.int(),
    counts: countsReply(OUTCOMES),
    amounts: amountsReply,
    failed: z
      .array(z.object({ accountId: z.string(), reason: z.string() }))
      .meta({ description: 'the first hundred, as they were when their segment was done; tried each hour' }),
    parked: z.array(z.string()).meta({ description: 'account ids, the first hundred' }),
    segments: z.object({ open: z.int(), done: z.int() }),
    accountsPerSecond: z
      .number()
      .nullable()
      .meta({ description: 'since the newest accounts were found; null before the first are done' }),
    expectedEnd: z
      .string()
      .nullable()
      .meta({ description: 'of what has been found, at this pace; null when nothing is left of it' }),
  })
  .meta({ id: 'Run' })

export function presentSummary(run: Run, scan: ClosingScan | undefined): z.infer<typeof runSummaryReply> {
  return {
    period: run.period,
    openedAt: run.openedAt,
    status: statusOf(scan),
    closingScan: scan ? presentScan(scan) : null,
  }
}

export function presentRun(
  run: Run,
  progress: RunProgress,
  scan: ClosingScan | undefined,
): z.infer<typeof runReply> {
  const { accountCount, doneCount, counts, amounts, failed, parked, segments } = progress
  const { accountsPerSecond, expectedEnd } = progress
  return {
    ...presentSummary(run, scan),
    ...{ accounts: accountCount, done: doneCount, counts, amounts: presentAmounts(amounts) },
    ...{ failed, parked, segments },
    accountsPerSecond: accountsPerSecond === undefined ? null : Math.round(accountsPerSecond * 10) / 10,
    expectedEnd: expectedEnd ?? null,
  }
}

function statusOf(scan: ClosingScan | undefined): z.infer<typeof runSummaryReply>['status'] {
  if (!scan) return 'open'
  if (scan.findingCount > 0) return 'does_not_close'
  return scan.status === 'running' ? 'closing' : 'closed'
}

function presentScan(scan: ClosingScan): z.infer<typeof scanReply> {
  const { status, number, startedAt, updatedAt, accountCount, counts, findingCount, findings } = scan
  return {
    ...{ status, number, startedAt, updatedAt, accounts: accountCount, counts },
    amounts: presentAmounts(scan.amounts),
    ...{ findingCount, findings },
  }
}

function presentAmounts(amounts: RunAmounts): z.infer<typeof amountsReply> {
  return Object.entries(amounts)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([currency, { chargedMicros, shortMicros }]) => ({
      charged: money(chargedMicros, currency),
      short: money(shortMicros, currency),
    }))
}
