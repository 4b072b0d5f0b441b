import type { Entry } from '../ledger/entry.ts'
import { explainEntry } from '../statements/present-entry.ts'
import { writeCsv } from '../statements/write-csv.ts'
import { type PlainRow, unpackColumns } from '../usage/pack-columns.ts'
import { presentBatch, presentUsage } from '../usage/present-usage.ts'
import type { UsageRecord } from '../usage/usage-record.ts'
import { type ItemType, type TableName, typeOfItem } from './item-types.ts'

/** A row of an export: what JSON can say, amounts as digits of millionths where a name ends in `Micros`. */
export type ExportRow = Record<string, unknown>

/** What is not told to others in an export: keys and hashes of an item by which machines find and compare. What stands within it is somebody's own. */
const INSIDE = new Set([
  'pk',
  'sk',
  'index1pk',
  'index1sk',
  'index2pk',
  'index2sk',
  'requestHash',
  'openedBy',
  'revision',
  'progress',
  'leaseUntil',
])

/** An item as an export says it: which of its files it goes into, and its rows there; none for what is not exported. */
export function presentItem(
  table: TableName,
  item: Record<string, unknown>,
): { file: string; rows: ExportRow[] } | undefined {
  const type = typeOfItem(table, item)
  // Better too much than too little of what nobody has entered yet.
  if (!type) return { file: 'other', rows: [plain(item)] }
  return 'file' in type ? { file: type.file, rows: rowsOf(type, item) } : undefined
}

/** The uses that an entry holds packed. */
export function presentPacked(entry: Entry): ExportRow[] {
  return entry.packed ? presentBatch(entry).map((use) => plain(use)) : []
}

export function presentMarker(record: UsageRecord): ExportRow {
  return plain(presentUsage(record))
}

function rowsOf(type: ItemType, item: Record<string, unknown>): ExportRow[] {
  if (type.name === 'ENTRY') {
    const { pk, sk, packed, ...entry } = item
    return [plain(explainEntry(entry as unknown as Entry))]
  }
  if (type.name === 'PRIVACY') {
    // It may name another account of the person's.
    const { blockedBy, ...request } = item
    return [plain(request)]
  }
  if (type.name === 'EVENTS' && item.packed instanceof Uint8Array) {
    const { tables } = unpackColumns<[PlainRow[]], null>(item.packed)
    return tables[0].map((row) => plain({ source: item.source, ...row }))
  }
  return [plain(item)]
}

function plain(value: object): ExportRow {
  const entries = Object.entries(value).filter(([name, inside]) => !INSIDE.has(name) && inside !== undefined)
  return Object.fromEntries(entries.map(([name, inside]) => [name, plainValue(inside)]))
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inside]) => inside !== undefined)
  return Object.fromEntries(entries.map(([name, inside]) => [name, plainValue(inside)]))
}

/** Rows as a JSON list, a row to a line. */
export function writeJsonRows(rows: readonly ExportRow[]): string {
  return `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`
}

/** Rows as CSV under the names of all their members; what is more than a text or a number is JSON in its cell. */
export function writeCsvRows(rows: readonly ExportRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return writeCsv([names, ...rows.map((row) => names.map((name) => cellOf(row[name])))])
}

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
