import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import {
  DONE_REQUESTS,
  OPEN_REQUESTS,
  openKey,
  REQUEST_PREFIX,
  recordKey,
  requestKey,
} from './privacy-keys.ts'
import { type PrivacyRequest, subjectKey } from './privacy-request.ts'

export type PrivacyRequestStore = ReturnType<typeof createPrivacyRequestStore>

export type Begun =
  | { ok: true; request: PrivacyRequest; replayed: boolean }
  | { ok: false; reason: 'idempotency_key_reused' }
  /** One of this kind about the same subject is not done yet. */
  | { ok: false; reason: 'privacy_request_open'; requestId: string }
  | { ok: false; reason: 'busy' }

/** What happened with a request: kept for good, without the data that it was about. */
export type PrivacyRecord = { at: string; what: string; by: string; detail?: string }

const PAGE_REQUESTS = 100

/** Privacy requests, and the records of what became of them. */
export function createPrivacyRequestStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
}) {
  const { client, documentsTable } = options

  async function read(accountId: string, requestId: string): Promise<PrivacyRequest | undefined> {
    const Key = { pk: accountKey(accountId), sk: requestKey(requestId) }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toRequest(Item)
  }

  /** All of an account, by id. */
  async function list(accountId: string): Promise<PrivacyRequest[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': REQUEST_PREFIX },
      ConsistentRead: true,
    })
    return items.map(toRequest)
  }

  /** Writes a request down once; the same again returns the first, as it is by now. */
  async function begin(request: PrivacyRequest): Promise<Begun> {
    const { accountId, requestId } = request
    const open = { pk: accountKey(accountId), sk: openKey(request.kind, subjectKey(request.subject)) }
    const written = await writeTogether(client, [
      putOnce({ ...itemOf(request) }),
      putOnce({ ...open, accountId, requestId }),
      recordOf(request, { at: request.receivedAt, what: 'received', by: request.askedBy }),
    ])
    if (written.ok) return { ok: true, request, replayed: false }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    const first = await read(accountId, requestId)
    if (first?.requestHash === request.requestHash) return { ok: true, request: first, replayed: true }
    if (first) return { ok: false, reason: 'idempotency_key_reused' }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: open, ConsistentRead: true }),
    )
    // It came to its end between the two looks: the same request sent again begins.
    if (!Item) return { ok: false, reason: 'busy' }
    return { ok: false, reason: 'privacy_request_open', requestId: String(Item.requestId) }
  }

  /** Puts the next state in the place of the one that was read; undefined when another write came between. */
  async function replace(
    before: PrivacyRequest,
    next: PrivacyRequest,
    record?: PrivacyRecord,
  ): Promise<PrivacyRequest | undefined> {
    const request = { ...next, revision: before.revision + 1n }
    const isOver = before.status !== 'done' && next.status === 'done'
    const open = { pk: accountKey(next.accountId), sk: openKey(next.kind, subjectKey(next.subject)) }
    const put = { TableName: documentsTable, Item: itemOf(request), ...asRead(before.revision) }
    const written = await writeTogether(client, [
      { Put: put },
      ...(isOver ? [{ Delete: { TableName: documentsTable, Key: open } }] : []),
      ...(record ? [recordOf(request, record)] : []),
    ])
    if (written.ok) return request
    if (written.reason === 'condition_failed') return undefined
    throw new Error(`privacy request ${next.requestId}: too busy to be written`)
  }

  /** Notes what happened beside the request; a second time changes nothing. */
  async function note(request: PrivacyRequest, record: PrivacyRecord): Promise<void> {
    await conditionHeld(client.send(new PutCommand(recordOf(request, record).Put!)))
  }

  /** A page of all requests of a list, soonest deadline or oldest end first. One of a moment ago may still be missing. */
  async function listAll(
    isDone: boolean,
    page: { limit?: number; after?: string } = {},
  ): Promise<{ requests: PrivacyRequest[]; next?: string }> {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :list AND index1sk > :after',
        ExpressionAttributeValues: {
          ':list': isDone ? DONE_REQUESTS : OPEN_REQUESTS,
          ':after': page.after ?? ' ',
        },
        Limit: page.limit ?? PAGE_REQUESTS,
      }),
    )
    const last = Items.at(-1)
    return {
      requests: Items.map(toRequest),
      next: LastEvaluatedKey && last ? String(last.index1sk) : undefined,
    }
  }

  function putOnce(Item: Record<string, unknown>): WriteItem {
    return { Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  function recordOf({ accountId, requestId, kind }: PrivacyRequest, record: PrivacyRecord): WriteItem {
    const key = { pk: accountKey(accountId), sk: recordKey(requestId, record.at, record.what) }
    return putOnce({ ...key, accountId, requestId, kind, ...record })
  }

  return { read, list, begin, replace, note, listAll }
}

/** What nothing is to be done about any more stands among the done ones: an answer that is still to be mailed, or late data to be looked for, does not. */
function itemOf(request: PrivacyRequest): Record<string, unknown> {
  const isAtRest = request.status === 'done' && request.replyTo === undefined && !isSweepDue(request)
  return {
    pk: accountKey(request.accountId),
    sk: requestKey(request.requestId),
    index1pk: isAtRest ? DONE_REQUESTS : OPEN_REQUESTS,
    index1sk: `${isAtRest ? request.finishedAt : request.dueAt}#${request.requestId}`,
    ...request,
  }
}

function isSweepDue({ sweepAt, sweptAt }: PrivacyRequest): boolean {
  return sweepAt !== undefined && sweptAt === undefined
}

export function toRequest(item: Record<string, unknown>): PrivacyRequest {
  return withoutKeys(item) as PrivacyRequest
}
