import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import type { Entry, Head } from './entry.ts'
import { toHead } from './head.store.ts'
import { accountKey, entryKey, HEAD_KEY } from './ledger-keys.ts'
import { createLotStore } from './lot.store.ts'
import { behindMicros, type Lot, type LotsWanted, orderOfUse } from './lot.ts'
import { DELAYS, TRIES } from './tries.ts'

export type LedgerReaderOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  /** Where lots wait that HEAD has no room for; needed by those that post, and by those that list lots. */
  waitingTable?: string
  /** For the jitter between tries; injected so that a run can be repeated. */
  random?: () => number
  sleep?: (milliseconds: number) => Promise<void>
}

export type LedgerReader = ReturnType<typeof createLedgerReader>

/** Reads what accounts have and how it came about, as it is now (strongly consistent). */
export function createLedgerReader(options: LedgerReaderOptions) {
  const { client, ledgerTable } = options
  const pause = options.sleep ?? sleep
  const behind = createLotStore(options)

  /** HEAD, or undefined without an account. */
  async function readHead(accountId: string): Promise<Head | undefined> {
    const { Item } = await client.send(
      new GetCommand({
        TableName: ledgerTable,
        Key: { pk: accountKey(accountId), sk: HEAD_KEY },
        ConsistentRead: true,
      }),
    )
    return Item && toHead(Item)
  }

  async function readEntry(accountId: string, sequence: bigint): Promise<Entry | undefined> {
    const Key = { pk: accountKey(accountId), sk: entryKey(sequence) }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    return Item && toEntry(Item)
  }

  /** A page of an account's history, newest first unless `ascending`; `after` excludes that number and all before it in reading order. */
  async function listEntries(
    accountId: string,
    page: { limit: number; ascending?: boolean; after?: bigint },
  ): Promise<Entry[]> {
    const bounds = page.ascending
      ? { ':from': entryKey((page.after ?? 0n) + 1n), ':to': 'ENTRY#~' }
      : { ':from': 'ENTRY#', ':to': page.after === undefined ? 'ENTRY#~' : entryKey(page.after - 1n) }
    if (!page.ascending && page.after === 0n) return []
    const entries: Entry[] = []
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const result = await client.send(
        new QueryCommand({
          TableName: ledgerTable,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': accountKey(accountId), ...bounds },
          ScanIndexForward: page.ascending ?? false,
          ConsistentRead: true,
          Limit: page.limit - entries.length,
          ExclusiveStartKey,
        }),
      )
      entries.push(...(result.Items ?? []).map(toEntry))
      ExclusiveStartKey = result.LastEvaluatedKey
    } while (ExclusiveStartKey && entries.length < page.limit)
    return entries
  }

  /**
   * The lots of an account in their order of use, with the HEAD of the same moment: all, or those behind the place `after`
   * (an `orderOfUse`), as long as they are wanted. Undefined without an account. What HEAD can answer alone is one read.
   */
  async function readLots(
    accountId: string,
    { after, isWanted = () => true }: LotsWanted = {},
  ): Promise<{ head: Head; lots: Lot[] } | undefined> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await pause(retryDelayMilliseconds(attempt, DELAYS, options.random))
      const head = await readHead(accountId)
      if (!head) return undefined
      const lots: Lot[] = []
      let isAtEnd = false
      for (const lot of head.lots) {
        if (after !== undefined && orderOfUse(lot) <= after) continue
        isAtEnd = !isWanted(lot, lots)
        if (isAtEnd) break
        lots.push(lot)
      }
      if (isAtEnd || behindMicros(head) === 0n) return { head, lots }
      for await (const lot of behind.walk(accountId, after)) {
        if (!isWanted(lot, lots)) break
        lots.push(lot)
      }
      if ((await readHead(accountId))?.revision === head.revision) return { head, lots }
    }
    throw new Error(`account ${accountId}: its lots kept moving while they were read`)
  }

  return { readHead, readEntry, listEntries, readLots }
}

function toEntry({ pk, sk, ...entry }: Record<string, unknown>): Entry {
  return entry as Entry
}
