import type { ApiClient } from '../api-client.ts'
import { type Command, CommandProblem, EXIT, readOptions, refuseWords, UsageProblem } from './command.ts'
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from './connect.ts'

const HELP = `Shows how far the charge of a month has come for all accounts, until everybody was looked over. For staff.

  drawdown run 2026-12
  drawdown run 2026-12 --now
  drawdown run 2026-12 --json

  --now          as it is now, without waiting for its end
  --json         the run as data, at its end
${CONNECTION_HELP}
  --help         this text

A month is over when it has begun everywhere, which is noon UTC of the 1st, and its closing scan has found nobody who was
left out or charged twice. Ends with 0 if nothing was found, with --now also while it is under way; 1 if something was.
`

type Money = { amount: string; currency: string }
type Amounts = { charged: Money; short: Money }[]
export type RunReply = {
  period: string
  status: 'open' | 'closing' | 'closed' | 'does_not_close'
  accounts: number
  done: number
  counts: Record<string, number>
  amounts: Amounts
  failed: { accountId: string; reason: string }[]
  parked: string[]
  segments: { open: number; done: number }
  accountsPerSecond: number | null
  expectedEnd: string | null
  closingScan: {
    status: 'running' | 'done'
    accounts: number
    counts: Record<string, number>
    amounts: Amounts
    findingCount: number
    findings: { accountId: string; kind: string; detail: string }[]
  } | null
}

const LOOKS_MILLISECONDS = 2000

/** Looks at a run until it is over. */
export const run: Command = {
  summary: 'how far the charge of a month has come, and whether it closes',
  help: HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, {
      ...CONNECTION_OPTIONS,
      json: { type: 'boolean', default: false },
      now: { type: 'boolean', default: false },
    })
    const [period, ...others] = positionals
    refuseWords(others, 'one month at a time')
    if (period === undefined || !/^\d{4}-(0[1-9]|1[0-2])$/.test(period))
      throw new UsageProblem('Name a month, such as 2026-12')
    const found = await follow(connect(values), period, values.now)
    console.log(values.json ? JSON.stringify(found, undefined, 2) : describeRun(found))
    return found.status === 'does_not_close' ? EXIT.wrong : EXIT.done
  },
}

async function follow(api: ApiClient, period: string, isOneLook: boolean): Promise<RunReply> {
  for (let shown = ''; ; ) {
    const found = await api.get<RunReply>(`/v1/staff/runs/${period}`)
    if (!found.counts) throw new CommandProblem('What answers is not the API; name its address with --api')
    if (isOneLook || isOver(found)) return found
    const line = describeProgress(found)
    if (line !== shown) console.error(line)
    shown = line
    await new Promise((wake) => setTimeout(wake, LOOKS_MILLISECONDS))
  }
}

const isOver = ({ closingScan, segments }: RunReply) => closingScan?.status === 'done' && segments.open === 0

/** A line while it is under way. */
export function describeProgress(run: RunReply): string {
  const { accounts, done, segments, accountsPerSecond, expectedEnd, closingScan } = run
  const looked = closingScan ? `, ${closingScan.accounts} looked over` : ''
  const pace = accountsPerSecond === null ? '' : `, ${accountsPerSecond} a second`
  const end = expectedEnd === null ? '' : `, until about ${expectedEnd}`
  return `· ${done} of ${accounts} accounts${pace}, ${segments.open} segments open${end}${looked}`
}

/** All that is known of a run. */
export function describeRun(run: RunReply): string {
  const counts = Object.entries(run.counts).filter(([, count]) => count > 0)
  const lines = [
    `${run.period}: ${run.done} of ${run.accounts} accounts done, ${run.segments.open} segments open`,
    ...counts.map(([outcome, count]) => `  ${outcome.replaceAll('_', ' ').padEnd(16)}${count}`),
    ...describeAmounts(run.amounts),
    ...run.failed.map(({ accountId, reason }) => `  failed: ${accountId}: ${reason}`),
    ...run.parked.map((accountId) => `  parked: ${accountId}`),
  ]
  return [...lines, ...describeClosing(run)].join('\n')
}

function describeAmounts(amounts: Amounts): string[] {
  return amounts.map(({ charged, short }) => {
    const missing = /[1-9]/.test(short.amount) ? `, ${short.amount} short` : ''
    return `  ${charged.amount} ${charged.currency} charged${missing}`
  })
}

function describeClosing({ closingScan: scan, status }: RunReply): string[] {
  if (!scan) return ['Not looked over yet.']
  const looked = `${scan.accounts} accounts looked over`
  if (status === 'closed') return [`${looked}: nobody was left out or charged twice.`]
  if (status === 'closing') return [`${looked} so far.`]
  const findings = scan.findings.map(({ accountId, kind, detail }) => `  ${accountId} ${kind}: ${detail}`)
  return [`${looked}; the month DOES NOT CLOSE, ${scan.findingCount} findings:`, ...findings]
}
