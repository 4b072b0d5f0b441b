import { asLine } from '../edge/text.ts'
import { readCsv } from '../prices/read-csv.ts'
import {
  COLUMNS,
  type Column,
  type GivenTexts,
  type LineRefusal,
  type MigrationLine,
  REQUIRED_COLUMNS,
  refuseLine,
} from './migration-line.ts'
import { readMigrationLine } from './read-migration-line.ts'

/** A line of the file, numbered from 1 as an editor does, and what it says or why it says nothing. */
export type ReadLine = {
  line: number
  given: GivenTexts
  read: { ok: true; asked: MigrationLine } | LineRefusal
}

export type MigrationFile =
  | { ok: true; lines: ReadLine[]; ignoredColumns: string[] }
  /** Nothing can be told of any line. */
  | { ok: false; detail: string }

export type Header = { positions: Map<Column, number>; width: number; ignoredColumns: string[] }

/** Blank lines count: a request takes fewer lines by far, and a megabyte of short ones would take longer to read than it may. */
const MOST_LINES_READ = 20_000
const TOO_MANY_LINES: MigrationFile = {
  ok: false,
  detail: `has more than ${MOST_LINES_READ} lines, blank ones included`,
}

const SHOWN_COLUMNS = 50
const LONGEST_COLUMN = 80

const named = new Map<string, Column>(COLUMNS.map((column) => [plain(column), column]))

/** `Account ID`, `account_id` and `accountId` are one column. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '')
}

/**
 * Reads CSV with a header line: columns in any order, comma, semicolon or tab, quoted or not, any line ends, with or without
 * a byte order mark; other columns are listed as ignored. Each line is read by itself: a bad one is refused and says why.
 * A record of several lines is refused: a quote that is left open, in whatever column, makes the lines after it a part of its own.
 */
export function readMigrationCsv(text: string): MigrationFile {
  if (hasTooManyLines(text)) return TOO_MANY_LINES
  const { rows, broken } = readCsv(text)
  const [first, ...others] = rows
  if (!first) return { ok: false, detail: broken ? `line ${broken.line}: ${broken.detail}` : 'is empty' }
  const spread = refuseSpread(first.cells)
  if (spread) return { ok: false, detail: `line ${first.line}: ${spread.detail}` }
  const header = readHeader(first.cells)
  if ('problem' in header) return { ok: false, detail: `line ${first.line}: ${header.problem}` }
  const lines = others.map(({ line, cells }) => {
    const given: GivenTexts = {}
    for (const [column, position] of header.positions) given[column] = cells[position]?.trim() ?? ''
    return { line, given, read: refuseSpread(cells) ?? fits(cells, header) ?? readMigrationLine(given) }
  })
  if (broken) lines.push(unreadable(broken.line, `${broken.detail}; nothing after it was read`))
  if (lines.length === 0) return { ok: false, detail: 'no line follows the header' }
  return { ok: true, lines, ignoredColumns: header.ignoredColumns }
}

/** Where which column stands, or what is wrong with the header. */
export function readHeader(cells: readonly string[]): Header | { problem: string } {
  const positions = new Map<Column, number>()
  const ignoredColumns: string[] = []
  for (const [position, cell] of cells.entries()) {
    const column = named.get(plain(cell.trim()))
    if (!column) {
      if (cell.trim() !== '') ignoredColumns.push(asLine(cell.trim(), LONGEST_COLUMN))
    } else if (positions.has(column)) return { problem: `the column "${column}" stands here twice` }
    else positions.set(column, position)
  }
  const missing = REQUIRED_COLUMNS.filter((column) => !positions.has(column))
  if (missing.length > 0)
    return { problem: `the header has no column ${missing.map((name) => `"${name}"`).join(', ')}` }
  return { positions, width: cells.length, ignoredColumns: ignoredColumns.slice(0, SHOWN_COLUMNS) }
}

function refuseSpread(cells: readonly string[]): LineRefusal | undefined {
  const further = cells.join('').split('\n').length - 1
  if (further === 0) return undefined
  return refuseLine(
    'line_unreadable',
    undefined,
    `is one record with the ${further === 1 ? 'line' : `${further} lines`} after it, none of which was read: a quote is missing, or one too many`,
  )
}

function hasTooManyLines(text: string): boolean {
  let count = 0
  for (const _ of text.matchAll(/\r\n|\n|\r/g)) if (++count > MOST_LINES_READ) return true
  return false
}

/** More cells than the header has columns: an amount with a comma in it, most likely, which would be read as a smaller one. */
function fits(cells: readonly string[], { width }: Header): LineRefusal | undefined {
  if (cells.slice(width).every((cell) => cell.trim() === '')) return undefined
  return refuseLine(
    'line_unreadable',
    undefined,
    `has ${cells.length} cells, the header ${width}; a text with a comma in it has to be quoted`,
  )
}

/** Reads one JSON object per line, whose members are named as the columns; each line is read by itself. */
export function readMigrationJsonLines(text: string): MigrationFile {
  if (hasTooManyLines(text)) return TOO_MANY_LINES
  const ignored = new Set<string>()
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((json, index) => (json.trim() === '' ? [] : [readJsonLine(json, index + 1, ignored)]))
  if (lines.length === 0) return { ok: false, detail: 'is empty' }
  return { ok: true, lines, ignoredColumns: [...ignored].slice(0, SHOWN_COLUMNS) }
}

function readJsonLine(json: string, line: number, ignored: Set<string>): ReadLine {
  const object = parseObject(json)
  if (!object) return unreadable(line, 'is not a JSON object')
  const given: GivenTexts = {}
  for (const [name, value] of Object.entries(object)) {
    const column = named.get(plain(name))
    if (!column) ignored.add(asLine(name, LONGEST_COLUMN))
    else if (given[column] !== undefined)
      return { line, given, read: refuseLine('line_unreadable', column, 'stands here twice') }
    else if (typeof value === 'string') given[column] = value.trim()
    else if (value !== null)
      return { line, given, read: refuseLine('value_invalid', column, 'must be a text, such as "30.00"') }
  }
  return { line, given, read: readMigrationLine(given) }
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function unreadable(line: number, detail: string): ReadLine {
  return { line, given: {}, read: refuseLine('line_unreadable', undefined, detail) }
}
