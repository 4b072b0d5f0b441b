import { type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { deleteEach } from '../edge/delete-each.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { inParallel } from '../edge/in-parallel.ts'
import { holdKey } from '../holds/hold.store.ts'
import { readEndedDetail } from '../holds/hold-entry.ts'
import type { Entry } from '../ledger/entry.ts'
import { accountKey, entryKey } from '../ledger/ledger-keys.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { readUsageDetail, unpackUsageEvents } from '../usage/usage-entry.ts'
import { type UsageEventIdentity, usageEventKey } from '../usage/usage-event.ts'

const AT_ONCE = 10
const PAGE_ENTRIES = 100

/** What a page of a ledger came to: up to which entry it was looked through, and how many uses lost what they said. */
export type UsageErased = { through: bigint; erased: bigint; isAtEnd: boolean }

/**
 * Erases what uses said beyond their amounts: numbers called and calling. Entries, amounts, times and verdicts stay, and so
 * does the marker by which an event is decided once; an entry's hash covers a digest of its packed events, so that the chain
 * proves without them. The ledger leads to all of it, so that nothing is looked for elsewhere. Anything may be done twice.
 */
export function createUsageErasure(options: {
  client: DynamoDBDocumentClient
  ledgerTable: string
  usageTable: string
  waitingTable: string
  documentsTable: string
  pageEntries?: number
}) {
  const {
    client,
    ledgerTable,
    usageTable,
    waitingTable,
    documentsTable,
    pageEntries = PAGE_ENTRIES,
  } = options
  const ledger = createLedgerReader({ client, ledgerTable })

  /** Of the next entries behind a number, those that were written before an instant. */
  async function erasePage(
    accountId: string,
    after: bigint,
    before: string,
    at: string,
  ): Promise<UsageErased> {
    const entries = await ledger.listEntries(accountId, { limit: pageEntries, ascending: true, after })
    const end = entries.findIndex((entry) => entry.at >= before)
    const due = end < 0 ? entries : entries.slice(0, end)
    let erased = 0n
    for (const entry of due) erased += await eraseEntry(entry, at)
    return {
      through: due.at(-1)?.sequence ?? after,
      erased,
      isAtEnd: end >= 0 || entries.length < pageEntries,
    }
  }

  async function eraseEntry(entry: Entry, at: string): Promise<bigint> {
    switch (entry.kind) {
      case 'usage':
        return (await erasePacked(entry, at)) + (await eraseEvents(entry, at))
      case 'capture':
      case 'release':
        return eraseHold(entry.accountId, readEndedDetail(entry.detail).holdId)
      default:
        return 0n
    }
  }

  /** An entry from before there was the digest keeps its events: its hash covers them. */
  async function erasePacked(
    { accountId, sequence, packed, packedSha256 }: Entry,
    at: string,
  ): Promise<bigint> {
    if (!packed || packedSha256 === undefined) return 0n
    return update({
      TableName: ledgerTable,
      Key: { pk: accountKey(accountId), sk: entryKey(sequence) },
      UpdateExpression: 'SET packedErasedAt = :at REMOVE packed',
      ConditionExpression: 'attribute_exists(packed) AND packedSha256 = :digest',
      ExpressionAttributeValues: { ':at': at, ':digest': packedSha256 },
    })
  }

  async function eraseEvents({ detail }: Entry, at: string): Promise<bigint> {
    const events = unpackUsageEvents(readUsageDetail(detail))
    const erased = await inParallel(events, AT_ONCE, (event) => eraseEvent(event, at))
    return erased.reduce((sum, one) => sum + one, 0n)
  }

  /** The marker itself stays: without it the event could be charged again. */
  function eraseEvent(event: UsageEventIdentity, at: string): Promise<bigint> {
    return update({
      TableName: usageTable,
      Key: usageEventKey(event),
      UpdateExpression: 'SET erasedAt = :at REMOVE explanation, contentHash',
      ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(erasedAt)',
      ExpressionAttributeValues: { ':at': at },
    })
  }

  function eraseHold(accountId: string, holdId: string): Promise<bigint> {
    return update({
      TableName: documentsTable,
      Key: { pk: accountKey(accountId), sk: holdKey(holdId) },
      UpdateExpression: 'SET #use.#attributes = :none, #revision = #revision + :one',
      ConditionExpression: '#status <> :held AND size(#use.#attributes) > :zero',
      ExpressionAttributeNames: {
        ...{ '#use': 'use', '#attributes': 'attributes', '#status': 'status', '#revision': 'revision' },
      },
      ExpressionAttributeValues: { ':none': {}, ':one': 1n, ':zero': 0n, ':held': 'held' },
    })
  }

  /** What waits for missing numbers on an account that is closed: nothing of it is charged any more. */
  async function eraseWaiting(accountId: string): Promise<{ erased: bigint; isAtEnd: boolean }> {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: waitingTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ProjectionExpression: 'pk, sk',
        ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': 'EVENTS#' },
        ConsistentRead: true,
      }),
    )
    const erased = await deleteEach(client, waitingTable, Items)
    return { erased, isAtEnd: LastEvaluatedKey === undefined }
  }

  /** One if something was there to be erased. */
  async function update(command: ConstructorParameters<typeof UpdateCommand>[0]): Promise<bigint> {
    return (await conditionHeld(client.send(new UpdateCommand(command)))) ? 1n : 0n
  }

  return { erasePage, eraseWaiting }
}
