import { type Entry, owedChangeOf } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import type { PresentedUsage } from '../usage/present-usage.ts'

const COLUMNS = [
  'sequence',
  'at',
  'kind',
  'amount',
  'currency',
  'balance_before',
  'balance_after',
  'reason',
  'actor',
  'reverses',
  'terms_version',
  'held_after',
  'owed_change',
]

/** A statement as CSV (RFC 4180: a header line, CRLF, quotes doubled), safe to open in a spreadsheet. */
export function writeStatementCsv(entries: readonly Entry[]): string {
  return writeCsv([COLUMNS, ...entries.map(cellsOf)])
}

const USE_COLUMNS = [
  'source',
  'id',
  'sequence',
  'time',
  'service',
  'quantity',
  'seconds',
  'verdict',
  'reason',
  'amount',
  'currency',
  'balance_before',
  'balance_after',
]

/** The events of an entry of usage as CSV, in the order in which they were decided. */
export function writeUsageCsv(events: readonly PresentedUsage[]): string {
  return writeCsv([USE_COLUMNS, ...events.map(cellsOfUse)])
}

function cellsOfUse(use: PresentedUsage): string[] {
  return [
    use.source,
    use.id,
    'sequence' in use ? use.sequence : '',
    use.time,
    use.service,
    use.explanation?.quantity ?? '',
    use.explanation?.seconds ?? '',
    use.verdict,
    use.reason ?? '',
    use.amount.amount,
    use.amount.currency,
    use.availableBefore.amount,
    use.availableAfter.amount,
  ]
}

/** Rows as RFC 4180 lines, each ended. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(writeCell).join(',')}\r\n`).join('')
}

function cellsOf(entry: Entry): string[] {
  const amount = (amountMicros: bigint) => formatAmount(amountMicros, entry.currency)
  return [
    entry.sequence.toString(),
    entry.at,
    entry.kind,
    amount(entry.amountMicros),
    entry.currency,
    amount(entry.availableBeforeMicros),
    amount(entry.availableAfterMicros),
    entry.reason,
    entry.actor,
    entry.reverses?.toString() ?? '',
    entry.termsVersion ?? '',
    amount(entry.heldAfterMicros),
    amount(owedChangeOf(entry)),
  ]
}

/**
 * A spreadsheet runs a cell that begins like a formula, so such a text gets an apostrophe in front
 * (https://owasp.org/www-community/attacks/CSV_Injection); a plain number below zero stays a number. Full-width signs are run
 * too, and where decimals have a comma a spreadsheet takes semicolons for the end of a cell, unless the cell is quoted.
 */
function writeCell(text: string): string {
  const safe = /^[=+\-@＝＋－＠\t\r\n]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
