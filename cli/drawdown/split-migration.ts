import { MOST_LINES } from '../../functions/migration/migration.api.ts'
import { type Header, readHeader } from '../../functions/migration/read-migration-file.ts'
import { type CsvRow, readCsv } from '../../functions/prices/read-csv.ts'

/** What stands in a file of clients: its header, its lines with their numbers in the file, and where it stops being CSV. */
export type MigrationRows = {
  header: string[]
  accountColumn: number
  ignoredColumns: string[]
  rows: CsvRow[]
  broken?: { line: number; detail: string }
}

/** A request takes a megabyte: 1.5 times this at most, where every character takes three bytes. */
const LARGEST_REQUEST = 600_000

/** The lines of a CSV file, or why it has none. */
export function readMigrationRows(text: string): MigrationRows | { problem: string } {
  const { rows, broken } = readCsv(text)
  const [first, ...others] = rows
  if (!first) return { problem: broken ? `line ${broken.line}: ${broken.detail}` : 'is empty' }
  const header: Header | { problem: string } = readHeader(first.cells)
  if ('problem' in header) return { problem: `line ${first.line}: ${header.problem}` }
  if (others.length === 0 && !broken) return { problem: 'no line follows the header' }
  const { positions, ignoredColumns } = header
  return {
    header: first.cells,
    accountColumn: positions.get('account_id')!,
    ignoredColumns,
    rows: others,
    broken,
  }
}

/**
 * Parts the lines into requests. Those of one account stay together, in their order: what one line says of another's
 * reference is then known when simulating, too.
 */
export function splitRows(file: Pick<MigrationRows, 'accountColumn'>, rows: readonly CsvRow[]): CsvRow[][] {
  const byAccount = Map.groupBy(rows, ({ cells }) => cells[file.accountColumn]?.trim() ?? '')
  const requests: CsvRow[][] = []
  let [request, size] = [[] as CsvRow[], 0]
  const end = () => {
    if (request.length > 0) requests.push(request)
    request = []
    size = 0
  }
  for (const ofAccount of byAccount.values()) {
    const sizeOfAll = ofAccount.reduce((sum, row) => sum + sizeOf(row), 0)
    const isTooMuch = request.length + ofAccount.length > MOST_LINES || size + sizeOfAll > LARGEST_REQUEST
    if (isTooMuch) end()
    for (const row of ofAccount) {
      if (request.length === MOST_LINES || size + sizeOf(row) > LARGEST_REQUEST) end()
      request.push(row)
      size += sizeOf(row)
    }
  }
  end()
  return requests
}

/** A request's text: every cell quoted, so that nothing in it is read in another way. */
export function writeRequest(file: Pick<MigrationRows, 'header'>, rows: readonly CsvRow[]): string {
  return [file.header, ...rows.map(({ cells }) => cells)]
    .map((cells) => `${cells.map(quote).join(',')}\n`)
    .join('')
}

const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`
/** With the quotes and comma of each cell, and each of its own quotes doubled at worst. */
const sizeOf = ({ cells }: CsvRow) => cells.reduce((sum, cell) => sum + 2 * cell.length + 3, 0)
