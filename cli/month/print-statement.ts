import { describeLine, describeUse, signUse } from '../../functions/statements/describe-line.ts'
import type { Statement, StatementEvent, StatementLine } from './read-statement.ts'

const WHAT_WIDTH = 58
const AMOUNT_WIDTH = 14

/** A statement that a person can read: each line with its amount and the balance after it, times in the account's zone. */
export function printStatement(statement: Statement): string {
  const { name, clientType, accountId, currency, timeZone } = statement
  const local = localTime(timeZone)
  const head = `${'#'.padStart(4)}  ${'when'.padEnd(16)}  ${'what'.padEnd(WHAT_WIDTH)}${'amount'.padStart(AMOUNT_WIDTH)}${'balance'.padStart(AMOUNT_WIDTH)}`
  return [
    `${name} (${clientType.replaceAll('_', ' ')})`,
    `account ${accountId}, ${currency}, times in ${timeZone}`,
    '',
    head,
    '─'.repeat(head.length),
    ...statement.entries.flatMap((line) => printLine(line, local)),
    '─'.repeat(head.length),
    `${''.padStart(22)}  ${'available'.padEnd(WHAT_WIDTH)}${''.padStart(AMOUNT_WIDTH)}${statement.balance.available.padStart(AMOUNT_WIDTH)}`,
    '',
  ].join('\n')
}

function printLine(line: StatementLine, local: (instant: string) => string): string[] {
  const events = (line.events ?? []).map((event) =>
    row('', local(event.at), `  ${describeUse(event)}`, event.amount, event.balanceAfter, event),
  )
  return [
    row(String(line.sequence), local(line.at), describeLine(line), line.amount, line.balanceAfter),
    ...events,
  ]
}

function row(
  sequence: string,
  when: string,
  what: string,
  amount: string,
  balance: string,
  event?: StatementEvent,
): string {
  const shown = event ? (event.verdict === 'deducted' ? signUse(amount) : event.verdict) : amount
  const after = event && event.verdict !== 'deducted' ? '' : balance
  const fitted = what.length > WHAT_WIDTH ? `${what.slice(0, WHAT_WIDTH - 1)}…` : what
  return `${sequence.padStart(4)}  ${when.padEnd(16)}  ${fitted.padEnd(WHAT_WIDTH)}${shown.padStart(AMOUNT_WIDTH)}${after.padStart(AMOUNT_WIDTH)}`.trimEnd()
}

function localTime(timeZone: string): (instant: string) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return (instant) => format.format(new Date(instant))
}
