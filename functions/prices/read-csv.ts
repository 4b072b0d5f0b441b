import { CsvError, parse } from 'csv-parse/sync'

/** A record's cells and the line of the file that it begins on, counted from 1. */
export type CsvRow = { line: number; cells: string[] }

/** The rows up to the first place where the text stops being CSV, which `broken` then names. */
export type CsvRead = { rows: CsvRow[]; broken?: { line: number; detail: string } }

const LONGEST_RECORD_BYTES = 16_384
const DELIMITERS = [',', ';', '\t'] as const

/**
 * Reads CSV text: comma, semicolon or tab (whichever the first line has most of), quoted fields, any line ends, with or
 * without a byte order mark. Blank rows are left out. A quote in the middle of an unquoted field is an ordinary character.
 */
export function readCsv(text: string): CsvRead {
  const unix = text.replace(/\r\n?/g, '\n')
  const rows: CsvRow[] = []
  let linesRead = 0
  try {
    parse(unix, {
      bom: true,
      delimiter: delimiterOf(unix),
      record_delimiter: '\n',
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: LONGEST_RECORD_BYTES,
      on_record: (cells: string[], context) => {
        if (cells.some((cell) => cell.trim() !== '')) rows.push({ line: linesRead + 1, cells })
        linesRead = context.lines
        return null
      },
    })
    return { rows }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { rows, broken: { line: linesRead + 1, detail: explain(error.code) } }
  }
}

function explain(code: string): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quoted field begins here and never ends'
  if (code === 'CSV_MAX_RECORD_SIZE')
    return `a record may have at most ${LONGEST_RECORD_BYTES} bytes; perhaps a quote is missing`
  return 'this is not CSV'
}

function delimiterOf(text: string): string {
  const end = text.indexOf('\n')
  const first = (end < 0 ? text : text.slice(0, end)).slice(0, LONGEST_RECORD_BYTES).replace(/"[^"]*"/g, '')
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!
}
