import { parseAmount } from '../ledger/money.ts'
import { LARGEST_UNIT_PRICE } from './price.ts'
import { buildRateDeck, type Direction, directionsOf, type Rate, type RateDeck } from './rate-deck.ts'
import { type CsvRow, readCsv } from './read-csv.ts'

/** What is wrong with one cell, or with one line as a whole (column ''). */
export type CsvProblem = { line: number; column: string; value: string; detail: string }

export type RateDeckImport =
  | { ok: true; deck: RateDeck; ignoredColumns: string[] }
  | { ok: false; reason: 'rate_deck_invalid'; errors: CsvProblem[]; ignoredColumns: string[] }

const MOST_RATES = 200_000
const LONGEST_TEXT = 200
const SHOWN_VALUE = 80
const LONGEST_SECONDS = 86_400

/** The columns that Kazoo's rates task reads and that bear on the price, each with the other names it goes by. */
const COLUMNS = {
  prefix: ['prefix'],
  rate_cost: ['rate_cost'],
  rate_increment: ['rate_increment'],
  rate_minimum: ['rate_minimum'],
  rate_surcharge: ['rate_surcharge'],
  rate_nocharge_time: ['rate_nocharge_time'],
  direction: ['direction'],
  iso_country_code: ['iso_country_code', 'iso'],
  rate_name: ['rate_name', 'name'],
  description: ['description'],
  ratedeck_id: ['ratedeck_id', 'ratedeck_name'],
} as const
type Column = keyof typeof COLUMNS

/** What Kazoo bills by when a rate does not say: whole minutes, the first one always. */
const DEFAULT_INCREMENT_SECONDS = 60
const DEFAULT_MINIMUM_SECONDS = 60

type Header = { positions: Map<Column, number>; ignoredColumns: string[]; errors: CsvProblem[] }
type Report = (column: Column | '', value: string, detail: string) => undefined

/**
 * Reads a rate deck in the CSV that Kazoo documents (doc/blog/understanding_rates.md; applications/tasks/doc/rates.md):
 * a header line, columns in any order and case, `prefix` and `rate_cost` (per minute) required. Other columns are listed
 * as ignored. All or nothing: one bad line and there is no deck, and every bad line is reported. No direction means both,
 * as in Kazoo; unlike Kazoo, which picks by weight, two lines for the same prefix and direction are an error.
 */
export function importRateDeck(csv: string): RateDeckImport {
  const { rows, broken } = readCsv(csv)
  const [first, ...lines] = rows
  const errors: CsvProblem[] = broken ? [problem(broken.line, '', '', broken.detail)] : []
  if (!first) {
    if (!broken) errors.push(problem(1, '', '', 'the file is empty'))
    return { ok: false, reason: 'rate_deck_invalid', errors, ignoredColumns: [] }
  }
  const header = readHeader(first)
  errors.push(...header.errors)
  const { ignoredColumns } = header
  if (header.errors.length === 0) {
    const rates = readRates(header, lines, errors)
    if (lines.length === 0 && !broken) errors.push(problem(first.line, '', '', 'no rate follows the header'))
    if (errors.length === 0) return { ok: true, deck: buildRateDeck(rates), ignoredColumns }
  }
  errors.sort((one, other) => one.line - other.line)
  return { ok: false, reason: 'rate_deck_invalid', errors, ignoredColumns }
}

function readHeader({ line, cells }: CsvRow): Header {
  const columns = new Map<string, Column>()
  for (const column of Object.keys(COLUMNS) as Column[])
    for (const name of COLUMNS[column]) columns.set(name, column)
  const positions = new Map<Column, number>()
  const ignoredColumns: string[] = []
  const errors: CsvProblem[] = []
  for (const [position, cell] of cells.entries()) {
    const column = columns.get(
      cell
        .trim()
        .toLowerCase()
        .replace(/[\s-]+/g, '_'),
    )
    if (!column) ignoredColumns.push(shorten(cell.trim()))
    else if (positions.has(column)) errors.push(problem(line, column, cell, 'this column stands here twice'))
    else positions.set(column, position)
  }
  for (const column of ['prefix', 'rate_cost'] as const)
    if (!positions.has(column))
      errors.push(problem(line, column, cells.join(','), `the header has no column "${column}"`))
  return { positions, ignoredColumns: ignoredColumns.filter((name) => name !== ''), errors }
}

function readRates({ positions }: Header, lines: readonly CsvRow[], errors: CsvProblem[]): Rate[] {
  const rates: Rate[] = []
  const firstLines = new Map<string, number>()
  const deckIds = new Set<string>()
  if (lines.length > MOST_RATES) {
    const { line } = lines[MOST_RATES]!
    errors.push(
      problem(line, '', '', `a deck holds at most ${MOST_RATES} rates; this one has ${lines.length}`),
    )
    return rates
  }
  for (const { line, cells } of lines) {
    const report: Report = (column, value, detail) => void errors.push(problem(line, column, value, detail))
    const cell = (column: Column) => cells[positions.get(column) ?? -1]?.trim() ?? ''
    const rate = readRate(cell, report)
    checkDeckId(cell('ratedeck_id'), deckIds, report)
    if (rate && isFirst(rate, line, firstLines, report)) rates.push(rate)
  }
  return rates
}

function readRate(cell: (column: Column) => string, report: Report): Rate | undefined {
  const prefix = readPrefix(cell('prefix'), report)
  const perMinute = readAmount('rate_cost', cell('rate_cost'), undefined, report)
  const connectionFee = readAmount('rate_surcharge', cell('rate_surcharge'), '0', report)
  const minimumSeconds = readSeconds('rate_minimum', cell('rate_minimum'), DEFAULT_MINIMUM_SECONDS, report)
  const increment = readSeconds('rate_increment', cell('rate_increment'), DEFAULT_INCREMENT_SECONDS, report)
  const freeSeconds = readSeconds('rate_nocharge_time', cell('rate_nocharge_time'), 0, report)
  const direction = readDirection(cell('direction'), report)
  const name = readText('rate_name', cell('rate_name'), report)
  const isoCountryCode = readText('iso_country_code', cell('iso_country_code'), report)
  const description = readText('description', cell('description'), report)
  if (prefix === undefined || perMinute === undefined || connectionFee === undefined) return undefined
  if (minimumSeconds === undefined || increment === undefined || freeSeconds === undefined) return undefined
  if (direction === undefined || name === undefined) return undefined
  if (isoCountryCode === undefined || description === undefined) return undefined
  return {
    prefix,
    ...(direction !== 'both' && { direction }),
    perMinute,
    connectionFee,
    minimumSeconds,
    // Kazoo takes an increment of 0 for a minute (kapps_call_util:calculate_call).
    incrementSeconds: increment === 0 ? DEFAULT_INCREMENT_SECONDS : increment,
    freeSeconds,
    ...(name && { name }),
    ...(isoCountryCode && { isoCountryCode }),
    ...(description && { description }),
  }
}

function readPrefix(text: string, report: Report): string | undefined {
  const prefix = text.replace(/^\+/, '')
  if (!/^\d{1,20}$/.test(prefix))
    return report('prefix', text, 'must be 1 to 20 digits, with or without a "+" before them')
  if (prefix.startsWith('00')) return report('prefix', text, 'must begin with the country code, without "00"')
  return prefix
}

/** Decimals after the sixth are accepted when they are zeros, and `.05` as `0.05`; nothing is ever rounded here. */
function readAmount(
  column: Column,
  text: string,
  absent: string | undefined,
  report: Report,
): string | undefined {
  if (text === '' && absent !== undefined) return absent
  const amount = text.replace(/^\./, '0.').replace(/(\.\d{6})0+$/, '$1')
  const micros = parseAmount(amount)
  if (micros === undefined)
    return report(
      column,
      text,
      'must be a decimal number ≥ 0 such as 0.0125, with a point and at most 6 decimals',
    )
  if (micros > parseAmount(LARGEST_UNIT_PRICE)!)
    return report(column, text, `must be at most ${LARGEST_UNIT_PRICE}`)
  return amount
}

function readSeconds(column: Column, text: string, absent: number, report: Report): number | undefined {
  if (text === '') return absent
  if (!/^\d{1,5}$/.test(text) || Number(text) > LONGEST_SECONDS)
    return report(column, text, `must be whole seconds from 0 to ${LONGEST_SECONDS}`)
  return Number(text)
}

function readDirection(text: string, report: Report): Direction | 'both' | undefined {
  const named = text
    .toLowerCase()
    .split(/[\s,:|]+/)
    .filter((word) => word !== '')
  if (named.some((word) => word !== 'inbound' && word !== 'outbound'))
    return report('direction', text, 'must be inbound, outbound, both of them, or empty for both')
  return new Set(named).size === 1 ? (named[0] as Direction) : 'both'
}

function readText(column: Column, text: string, report: Report): string | undefined {
  if (text.length > LONGEST_TEXT) return report(column, text, `must have at most ${LONGEST_TEXT} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\ufffd]/.test(text))
    return report(column, text, 'must be UTF-8 text without control characters')
  return text
}

function isFirst(rate: Rate, line: number, firstLines: Map<string, number>, report: Report): boolean {
  for (const direction of directionsOf(rate)) {
    const key = `${direction} ${rate.prefix}`
    const before = firstLines.get(key)
    if (before !== undefined) {
      report('prefix', rate.prefix, `line ${before} has the ${direction} rate for this prefix already`)
      return false
    }
    firstLines.set(key, line)
  }
  return true
}

/** Kazoo takes several decks in one file; this import takes one, and would otherwise mix their rates. */
function checkDeckId(deckId: string, deckIds: Set<string>, report: Report): void {
  deckIds.add(deckId)
  const [first] = deckIds
  if (deckId !== first) report('ratedeck_id', deckId, 'the file holds several rate decks; import each alone')
}

function problem(line: number, column: string, value: string, detail: string): CsvProblem {
  return { line, column, value: shorten(value), detail }
}

function shorten(value: string): string {
  return value.length > SHOWN_VALUE ? `${value.slice(0, SHOWN_VALUE)}…` : value
}
