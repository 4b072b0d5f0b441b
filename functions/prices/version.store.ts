import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import type { VersionDecision, Versioned } from './decide-version.ts'

type Item = Record<string, unknown>

export type VersionStoreOptions<Version> = {
  client: DynamoDBDocumentClient
  documentsTable: string
  /** Before the name in the partition key, as in `PRICE#sms`. */
  prefix: 'PRICE' | 'RATE_DECK'
  /** The partition of the index that lists all of them. */
  list: 'PRICES' | 'RATE_DECKS'
  toItem: (version: Version) => Item
  fromItem: (item: Item) => Version
}

export type Appended<Version> =
  | { ok: true; version: Version; replayed: boolean }
  /** Others kept writing versions of the same thing: nothing was written, the same request may be sent again. */
  | { ok: false; reason: 'busy' }

const TRIES = 10
const VERSION_DIGITS = 6

const versionKey = (version: number) => `V#${version.toString().padStart(VERSION_DIGITS, '0')}`

/** Numbered versions under one name, append-only: `<PREFIX>#<name>` / `V#<6 digits>`, in the order of their numbers. */
export function createVersionStore<Version extends Versioned>(options: VersionStoreOptions<Version>) {
  const { client, documentsTable, prefix, list, toItem, fromItem } = options

  /** All versions of one name as they are now (strongly consistent), oldest first. */
  async function listVersions(name: string): Promise<Version[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :version)',
      ExpressionAttributeValues: { ':pk': `${prefix}#${name}`, ':version': 'V#' },
      ConsistentRead: true,
    })
    return items.map(fromItem)
  }

  /** A page of all versions of all names, by name and number, after a position; one of a moment ago may be missing. */
  async function listAll(page: {
    limit: number
    after?: string
  }): Promise<{ versions: Version[]; next?: string }> {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :list AND index1sk > :after',
        ExpressionAttributeValues: { ':list': list, ':after': page.after ?? ' ' },
        Limit: page.limit,
      }),
    )
    const next = LastEvaluatedKey ? (Items.at(-1)?.index1sk as string | undefined) : undefined
    return { versions: Items.map(fromItem), next }
  }

  /**
   * Writes the next version if `decide` wants one, which is asked again with what is there whenever somebody else was
   * faster: of two writers, each gets a version of its own, or both get the same one when they say the same.
   */
  async function append(
    name: string,
    decide: (versions: Version[]) => VersionDecision<Version>,
    make: (numbered: Omit<Versioned, 'createdAt'>) => Version,
  ): Promise<Appended<Version>> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const decision = decide(await listVersions(name))
      if (decision.kind === 'same') return { ok: true, version: decision.version, replayed: true }
      const version = make({ version: decision.version, effectiveFrom: decision.effectiveFrom })
      if (await put(name, version)) return { ok: true, version, replayed: false }
    }
    return { ok: false, reason: 'busy' }
  }

  /** False when there is such a version already. */
  async function put(name: string, version: Version): Promise<boolean> {
    const sk = versionKey(version.version)
    const keys = { pk: `${prefix}#${name}`, sk, index1pk: list, index1sk: `${name}#${sk}` }
    const put = new PutCommand({
      TableName: documentsTable,
      Item: { ...toItem(version), ...keys },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
    return conditionHeld(client.send(put))
  }

  return { listVersions, listAll, append }
}
