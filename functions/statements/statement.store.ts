import type { Entry, EntryKind } from '../ledger/entry.ts'
import type { LedgerReader } from '../ledger/ledger-reader.store.ts'

export type StatementFilter = { kind?: EntryKind; from?: string; to?: string }
export type StatementPage = {
  entries: Entry[]
  /** The list goes on before this number; absent at its end. */
  before?: bigint
}

const ENTRIES_PER_READ = 200
const LARGEST_READS = 10

/** Entries are in the order of their numbers; their times come from many clocks and agree with it to within this. */
const CLOCK_MARGIN_MILLISECONDS = 3_600_000

/**
 * A page of an account's history, newest first: lines `from` (inclusive) `to` (exclusive) of a kind. A page that looked
 * through very many lines may come back shorter than its limit, or empty, and still go on.
 */
export async function readStatement(
  ledger: Pick<LedgerReader, 'readHead' | 'readEntry' | 'listEntries'>,
  accountId: string,
  filter: StatementFilter,
  page: { limit: number; before?: bigint },
): Promise<StatementPage> {
  const entries: Entry[] = []
  let before =
    page.before ?? (filter.to === undefined ? undefined : await findStart(ledger, accountId, filter.to))
  const tooEarly =
    filter.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(filter.from) - CLOCK_MARGIN_MILLISECONDS
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  for (let reads = 0; reads < LARGEST_READS; reads++) {
    const limit = isFiltered ? ENTRIES_PER_READ : page.limit
    const read = await ledger.listEntries(accountId, { limit, after: before })
    for (const entry of read) {
      if (Date.parse(entry.at) < tooEarly) return { entries }
      if (matches(entry, filter)) entries.push(entry)
      before = entry.sequence
      if (entries.length === page.limit) return { entries, before: before > 1n ? before : undefined }
    }
    if (read.length < limit) return { entries }
  }
  return { entries, before }
}

function matches(entry: Entry, { kind, from, to }: StatementFilter): boolean {
  if (kind !== undefined && entry.kind !== kind) return false
  return (from === undefined || entry.at >= from) && (to === undefined || entry.at < to)
}

/** The number from which on all lines are too late, so that a long history need not be read to find an old month. */
async function findStart(
  ledger: Pick<LedgerReader, 'readHead' | 'readEntry'>,
  accountId: string,
  to: string,
): Promise<bigint | undefined> {
  const tooLate = Date.parse(to) + CLOCK_MARGIN_MILLISECONDS
  const last = (await ledger.readHead(accountId))?.sequence ?? 0n
  let low = 1n
  let high = last + 1n
  while (low < high) {
    const middle = (low + high) / 2n
    const entry = await ledger.readEntry(accountId, middle)
    if (entry && Date.parse(entry.at) < tooLate) low = middle + 1n
    else high = middle
  }
  return low > last ? undefined : low
}
