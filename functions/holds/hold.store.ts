import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { getAll } from '../edge/get-all.ts'
import type { WriteItem } from '../edge/write-together.ts'
import type { FrozenPrice } from './frozen-price.ts'
import type { Hold, HoldPosition, MeteredUse } from './hold.ts'

export type HoldStore = ReturnType<typeof createHoldStore>

export const holdKey = (holdId: string) => `HOLD#${holdId}`
const keyOf = (accountId: string, holdId: string) => ({ pk: accountKey(accountId), sk: holdKey(holdId) })
const openKey = (accountId: string) => `OPEN-HOLDS#${accountId}`

/** The documents of holds. Those that are open stand in the index by when they expire. */
export function createHoldStore({
  client,
  documentsTable,
}: {
  client: DynamoDBDocumentClient
  documentsTable: string
}) {
  /** A hold as it is now (strongly consistent), or undefined. */
  async function read(accountId: string, holdId: string): Promise<Hold | undefined> {
    const Key = keyOf(accountId, holdId)
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toHold(Item)
  }

  /** Those of the named holds that are there, in no order, as they are now. No id may be named twice. */
  async function readMany(accountId: string, holdIds: readonly string[]): Promise<Hold[]> {
    const keys = holdIds.map((holdId) => keyOf(accountId, holdId))
    return (await getAll(client, documentsTable, keys)).map(toHold)
  }

  /** A new hold, for the transaction that sets its credit aside. */
  function creation(hold: Hold): WriteItem & { Put: object } {
    return {
      Put: {
        TableName: documentsTable,
        Item: toItem(hold),
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    }
  }

  /** A hold's next state, if it is still as it was read: for a transaction with the ledger. */
  function change(before: Hold, after: Hold): WriteItem & { Put: object } {
    return {
      Put: {
        TableName: documentsTable,
        Item: toItem(after),
        ConditionExpression: '#status = :held AND #revision = :read',
        ExpressionAttributeNames: { '#status': 'status', '#revision': 'revision' },
        ExpressionAttributeValues: { ':held': 'held', ':read': before.revision },
      },
    }
  }

  /** The same where no credit moves; false when something else has changed it. */
  async function write(before: Hold, after: Hold): Promise<boolean> {
    const put = change(before, after).Put as ConstructorParameters<typeof PutCommand>[0]
    return conditionHeld(client.send(new PutCommand(put)))
  }

  /** A page of an account's open holds, the soonest to expire first. One of a moment ago may still be missing. */
  async function listOpen(
    accountId: string,
    page: { limit: number; after?: HoldPosition; dueAt?: string },
  ): Promise<Hold[]> {
    const after = page.after ? `${page.after.expiresAt}#${page.after.holdId}` : ' '
    const found: Hold[] = []
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const part = await client.send(
        new QueryCommand({
          TableName: documentsTable,
          IndexName: 'index1',
          KeyConditionExpression: 'index1pk = :pk AND index1sk BETWEEN :after AND :until',
          ExpressionAttributeValues: {
            ':pk': openKey(accountId),
            ':after': `${after}!`,
            ':until': page.dueAt === undefined ? '~' : `${page.dueAt}#~`,
          },
          Limit: page.limit - found.length,
          ExclusiveStartKey,
        }),
      )
      found.push(...(part.Items ?? []).map(toHold))
      // The database ends its pages at a megabyte as well: fewer holds than asked for need not be the last.
      ExclusiveStartKey = part.LastEvaluatedKey
    } while (ExclusiveStartKey && found.length < page.limit)
    return found
  }

  return { read, readMany, creation, change, write, listOpen }
}

/** A use as it is kept: what has members of any name and numbers of its own, as text. */
type KeptUse = Omit<MeteredUse, 'attributes' | 'price'> & { attributes: string; price: string }

function toItem(hold: Hold): Record<string, unknown> {
  const { accountId, holdId, status, expiresAt, use } = hold
  const index = status === 'held' && {
    index1pk: openKey(accountId),
    index1sk: `${expiresAt}#${holdId}`,
  }
  const kept: KeptUse | undefined = use && {
    ...use,
    attributes: JSON.stringify(use.attributes),
    price: JSON.stringify(use.price),
  }
  return { ...keyOf(accountId, holdId), ...index, ...hold, use: kept }
}

function toHold({ pk, sk, index1pk, index1sk, ...item }: Record<string, unknown>): Hold {
  const { use, leaseSeconds, ...rest } = item as Omit<Hold, 'use' | 'leaseSeconds'> & {
    use?: KeptUse
    leaseSeconds: bigint
  }
  return {
    ...rest,
    leaseSeconds: Number(leaseSeconds),
    ...(use && {
      use: {
        ...use,
        attributes: JSON.parse(use.attributes) as MeteredUse['attributes'],
        price: JSON.parse(use.price) as FrozenPrice,
      },
    }),
  }
}
