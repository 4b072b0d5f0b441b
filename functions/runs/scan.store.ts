import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Period } from '../accounts/billing-period.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { getAll } from '../edge/get-all.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import { runKey } from '../plans/plan-keys.ts'
import { type ClosingScan, newScan } from './closing-scan.ts'
import type { RunStoreOptions } from './run.store.ts'
import { SCAN } from './run-keys.ts'

/** The closing scans of runs, one for each. Reads are strongly consistent. */
export function createScanStore({ client, documentsTable }: RunStoreOptions) {
  async function read(period: Period): Promise<ClosingScan | undefined> {
    const Key = { pk: runKey(period), sk: SCAN }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toScan(Item)
  }

  /** Those of the named runs that have one, by month. */
  async function readMany(periods: readonly Period[]): Promise<Map<Period, ClosingScan>> {
    const keys = periods.map((period) => ({ pk: runKey(period), sk: SCAN }))
    const scans = (await getAll(client, documentsTable, keys)).map(toScan)
    return new Map(scans.map((scan) => [scan.period, scan]))
  }

  /** Puts a scan in place that begins at the first account, unless somebody else was faster. */
  async function begin(period: Period, before: ClosingScan | undefined, at: string): Promise<void> {
    await write(before, newScan(period, (before?.number ?? 0) + 1, at))
  }

  /** Writes what follows on the scan that was read; undefined when somebody else has written meanwhile. */
  async function write(
    before: ClosingScan | undefined,
    next: Omit<ClosingScan, 'revision'>,
  ): Promise<ClosingScan | undefined> {
    const written = { ...next, revision: (before?.revision ?? 0n) + 1n }
    const Item = { pk: runKey(next.period), sk: SCAN, ...written }
    const put = { TableName: documentsTable, Item, ...asRead(before?.revision) }
    return (await conditionHeld(client.send(new PutCommand(put)))) ? written : undefined
  }

  return { read, readMany, begin, write }
}

function toScan(item: Record<string, unknown>): ClosingScan {
  const scan = withoutKeys(item) as ClosingScan
  const counts = Object.entries(scan.counts).map(([outcome, count]) => [outcome, Number(count)])
  return {
    ...scan,
    number: Number(scan.number),
    accountCount: Number(scan.accountCount),
    findingCount: Number(scan.findingCount),
    counts: Object.fromEntries(counts) as ClosingScan['counts'],
  }
}
