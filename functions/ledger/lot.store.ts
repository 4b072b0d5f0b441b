import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Head } from './entry.ts'
import { headUpdate, type TransactItem } from './head.store.ts'
import { accountKey, LOT_PREFIX, lotKey } from './ledger-keys.ts'
import type { Lot } from './lot.ts'

/** As many lots as come into HEAD at once: HEAD may be larger than a kilobyte until they are used up. */
const MOST_BROUGHT_IN = 40

const PAGE_LOTS = 100

export type LotStore = ReturnType<typeof createLotStore>

/** The lots that HEAD has no room for: `LOT#<order of use>` in the waiting table. Only writes of HEAD change them. */
export function createLotStore({
  client,
  ledgerTable,
  waitingTable,
}: {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable?: string
}) {
  function tableName(): string {
    if (!waitingTable) throw new Error('lots behind HEAD need a table')
    return waitingTable
  }

  /** In their order of use (strongly consistent). */
  async function list(accountId: string, limit = Number.POSITIVE_INFINITY): Promise<Lot[]> {
    const lots: Lot[] = []
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: tableName(),
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': LOT_PREFIX },
          ConsistentRead: true,
          ...(Number.isFinite(limit) && { Limit: limit - lots.length }),
          ExclusiveStartKey,
        }),
      )
      lots.push(...(page.Items ?? []).map(toLot))
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey && lots.length < limit)
    return lots
  }

  /** In their order of use from behind a place in it, page by page as they are asked for (strongly consistent). */
  async function* walk(accountId: string, after: string | undefined): AsyncGenerator<Lot> {
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: tableName(),
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pk': accountKey(accountId),
            // A space sorts before all that an order of use may go on with.
            ':from': after === undefined ? LOT_PREFIX : `${LOT_PREFIX}${after} `,
            ':to': `${LOT_PREFIX}~~`,
          },
          ConsistentRead: true,
          Limit: PAGE_LOTS,
          ExclusiveStartKey,
        }),
      )
      yield* (page.Items ?? []).map(toLot)
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
  }

  /** Adds to a lot behind, or lays it there. The write of HEAD in the same transaction guards it. */
  function addition(accountId: string, lot: Lot): TransactItem {
    const { remainingMicros, expiresAt, source } = lot
    return {
      Update: {
        TableName: tableName(),
        Key: { pk: accountKey(accountId), sk: lotKey(lot) },
        UpdateExpression: `SET lot = :lot, #source = :source${expiresAt === undefined ? '' : ', expiresAt = :expiresAt'} ADD remainingMicros :added`,
        ExpressionAttributeNames: { '#source': 'source' },
        ExpressionAttributeValues: {
          ':lot': lot.lot,
          ':source': source,
          ':added': remainingMicros,
          ...(expiresAt !== undefined && { ':expiresAt': expiresAt }),
        },
      },
    }
  }

  /** Brings the next lots into HEAD: a write of HEAD that posts nothing. */
  async function bringIn(head: Head): Promise<{ items: TransactItem[]; next: Head }> {
    const lots = await list(head.accountId, MOST_BROUGHT_IN)
    const next = { ...head, revision: head.revision + 1n, lots: [...head.lots, ...lots] }
    const removals = lots.map(
      (lot): TransactItem => ({
        Delete: { TableName: tableName(), Key: { pk: accountKey(head.accountId), sk: lotKey(lot) } },
      }),
    )
    return { items: [headUpdate(ledgerTable, head, next), ...removals], next }
  }

  return { list, walk, addition, bringIn }
}

function toLot({ pk, sk, ...lot }: Record<string, unknown>): Lot {
  return lot as Lot
}
