import type { Entry } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'

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
]

/** A statement as CSV (RFC 4180: a header line, CRLF, quotes doubled), safe to open in a spreadsheet. */
export function writeStatementCsv(entries: readonly Entry[]): string {
  return writeCsv([COLUMNS, ...entries.map(cellsOf)])
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
  ]
}

/**
 * A spreadsheet runs a cell that begins like a formula, so such a text gets an apostrophe in front
 * (https://owasp.org/www-community/attacks/CSV_Injection); a plain number below zero stays a number.
 */
function writeCell(text: string): string {
  const safe = /^[=+\-@\t\r\n]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
