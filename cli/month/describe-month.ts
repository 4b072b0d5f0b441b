import { formatAmount, readAmount } from '../../functions/ledger/money.ts'
import type { SetAside } from '../call-records/settle-repeats.ts'
import type { Invariant } from './check-invariants.ts'
import type { PlayedMonth } from './play-month.ts'
import { printStatement } from './print-statement.ts'
import type { Calls } from './read-inputs.ts'
import type { Statement } from './read-statement.ts'
import type { Review } from './review-month.ts'

/** A played month as data: what `npm run month -- --json` prints. Amounts are decimal strings. */
export type Month = {
  calls: {
    file: string
    layout: string
    lines: number
    records: number
    sent: number
    badLines: Calls['badLines']
    setAside: SetAside[]
  }
  accounts: (Statement & { totals: Record<string, string> })[]
  totals: Record<string, string>
  emails: { at: string; to: string[]; subject: string }[]
  invariants: Invariant[]
}

export function describeMonth(
  calls: Calls,
  setAside: SetAside[],
  played: PlayedMonth,
  review: Review,
): Month {
  const accounts = review.statements.map((statement) => ({ ...statement, totals: totalsOf([statement]) }))
  return {
    calls: {
      file: calls.file,
      layout: calls.layout,
      lines: calls.lines,
      records: calls.records.length,
      sent: played.events.length,
      badLines: calls.badLines,
      setAside: [...calls.setAside, ...setAside].toSorted((one, other) => one.line - other.line),
    },
    accounts,
    totals: totalsOf(review.statements),
    emails: review.emails
      .map(({ at, to, subject }) => ({ at, to, subject }))
      .toSorted((one, other) => (one.at < other.at ? -1 : 1)),
    invariants: review.invariants,
  }
}

/** The sum of each kind of line, and of the balances that are left. */
function totalsOf(statements: readonly Statement[]): Record<string, string> {
  const sums = new Map<string, bigint>()
  const add = (name: string, amount: string) => {
    sums.set(name, (sums.get(name) ?? 0n) + readAmount(amount))
  }
  for (const { entries, balance } of statements) {
    for (const { kind, amount } of entries) add(kind, amount)
    add('available', balance.available)
  }
  const currency = statements[0]?.currency ?? 'USD'
  return Object.fromEntries([...sums].map(([name, micros]) => [name, formatAmount(micros, currency)]))
}

/** The month as a person reads it: a statement per account, the mail that went out, and what was checked. */
export function printMonth(month: Month): string {
  const { calls, emails, invariants } = month
  const broken = invariants.filter(({ holds }) => !holds)
  return [
    ...month.accounts.map(printStatement),
    `Call records: ${calls.file} (${calls.layout}): ${calls.lines} lines, ${calls.records} calls, ${calls.sent} sent as usage`,
    ...calls.badLines.map(({ line, column, detail }) => `  line ${line}: ${column} ${detail}`),
    ...calls.setAside.map(
      ({ line, reason, detail }) => `  line ${line}: set aside, ${reason.replaceAll('_', ' ')}: ${detail}`,
    ),
    '',
    `E-mails sent: ${emails.length}`,
    ...emails.map(
      ({ at, to, subject }) => `  ${at.slice(0, 16).replace('T', ' ')}  ${to.join(', ')}  ${subject}`,
    ),
    '',
    'Invariants checked:',
    ...invariants.map(
      ({ name, holds, detail }) => `  ${holds ? '✓' : '✗'} ${name}${detail ? `: ${detail}` : ''}`,
    ),
    '',
    broken.length === 0 ? 'All of them hold.' : `${broken.length} of ${invariants.length} DO NOT HOLD.`,
  ].join('\n')
}
