import type { MeteredTransaction } from './capacity-meter.ts'

/** What charging one account's month writes, by the item that it goes to. */
export type UnitsByItem = Record<'HEAD' | 'entry' | 'key' | 'period' | 'due' | 'index' | 'other', number>

const BYTES_PER_UNIT = 1024
/** Each write in a transaction counts twice. */
const TIMES = 2

/**
 * Adds up transactions by item. The database tells units by table and index; within a table, an item that is put counts by
 * its size, and what is left is that of the one item that is updated: HEAD, or what is due.
 */
export function unitsByItem(transactions: readonly MeteredTransaction[], ledgerTable: string): UnitsByItem {
  const sum: UnitsByItem = { HEAD: 0, entry: 0, key: 0, period: 0, due: 0, index: 0, other: 0 }
  for (const { items, consumed } of transactions) {
    for (const { TableName, Table, GlobalSecondaryIndexes = {} } of consumed) {
      const updated = TableName === ledgerTable ? 'HEAD' : 'due'
      sum[updated] += Table?.CapacityUnits ?? 0
      for (const { CapacityUnits = 0 } of Object.values(GlobalSecondaryIndexes)) sum.index += CapacityUnits
    }
    for (const { Put } of items) {
      if (!Put?.Item) continue
      const units = TIMES * Math.ceil(sizeBytes(Put.Item) / BYTES_PER_UNIT)
      sum[nameOf((Put.Item.sk as { S: string }).S)] += units
      sum[Put.TableName === ledgerTable ? 'HEAD' : 'due'] -= units
    }
  }
  return sum
}

/** The size of the largest entry that was written. */
export function largestEntryBytes(transactions: readonly MeteredTransaction[]): number {
  const puts = transactions.flatMap(({ items }) => items.flatMap(({ Put }) => (Put?.Item ? [Put.Item] : [])))
  const entries = puts.filter(({ sk }) => nameOf((sk as { S: string }).S) === 'entry')
  return Math.max(0, ...entries.map(sizeBytes))
}

function nameOf(sk: string): keyof UnitsByItem {
  if (sk.startsWith('ENTRY#')) return 'entry'
  if (sk.startsWith('KEY#')) return 'key'
  return sk.startsWith('PERIOD#') ? 'period' : 'other'
}

/**
 * An item's size as DynamoDB counts it: names and values as UTF-8, a number by its digits, three bytes for a list or map and
 * one for each member. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function sizeBytes(item: Record<string, object>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  )
}

function valueBytes(value: object): number {
  const [[type, inner]] = Object.entries(value) as [[string, unknown]]
  switch (type) {
    case 'S':
      return Buffer.byteLength(inner as string)
    case 'N':
      return Math.ceil((inner as string).length / 2) + 1
    case 'L':
      return 3 + (inner as object[]).reduce((sum, each) => sum + 1 + valueBytes(each), 0)
    case 'M':
      return 3 + sizeBytes(inner as Record<string, object>) + Object.keys(inner as object).length
    default:
      return 1
  }
}
