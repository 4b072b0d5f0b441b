import {
  type DynamoDBDocumentClient,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { isCancelled, isWorthRetrying } from '../edge/dynamodb.ts'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import { decideStatus, type NotEmpty, type StatusChange } from './decide-status.ts'
import type { AccountStatus, Head } from './entry.ts'
import { accountKey, HEAD_KEY } from './ledger-keys.ts'
import { createLedgerReader } from './ledger-reader.store.ts'
import { DELAYS, TRIES } from './tries.ts'

export type StatusRequest = {
  accountId: string
  status: AccountStatus
  at: string
  actor: string
  reason: string
  faults?: string[]
  /** Only if HEAD is as it was at this revision: what somebody saw of an account is no reason to park another state of it. */
  onlyAtRevision?: bigint
  /** Conditions on other items, checked with the change: where one does not hold, the account was erased. */
  unlessErased?: TransactWriteCommandInput['TransactItems']
}

export type StatusChanged =
  | { ok: true; isChange: boolean; head: Head }
  | NotEmpty
  | { ok: false; reason: 'account_not_found' | 'account_erased' | 'changed_meanwhile' | 'busy' }

const REVISION_DIGITS = 15

const changeKey = (revision: bigint) => `STATUS#${revision.toString().padStart(REVISION_DIGITS, '0')}`

/** An account's status: part of HEAD, so that no posting misses it. */
export function createStatusStore(options: { client: DynamoDBDocumentClient; ledgerTable: string }) {
  const { client, ledgerTable } = options
  const reader = createLedgerReader(options)

  /**
   * Parks, reopens or closes an account: HEAD and the record of the change in one transaction, on the condition that HEAD
   * is as it was decided upon. A change that was made already is no further one. The ledger's stream carries the record.
   */
  async function change(request: StatusRequest): Promise<StatusChanged> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await sleep(retryDelayMilliseconds(attempt, DELAYS))
      const head = await reader.readHead(request.accountId)
      if (!head) return { ok: false, reason: 'account_not_found' }
      if (request.onlyAtRevision !== undefined && head.revision !== request.onlyAtRevision)
        return { ok: false, reason: 'changed_meanwhile' }
      const decision = decideStatus(head, request.status)
      if (!decision.ok) return decision
      if (!decision.isChange) return { ok: true, isChange: false, head }
      const next = {
        ...head,
        status: request.status,
        ...(head.status === 'closed' && { reopenedAt: request.at }),
        revision: head.revision + 1n,
      }
      const written = await write(head, next, request)
      if (written === 'written') return { ok: true, isChange: true, head: next }
      if (written === 'erased') return { ok: false, reason: 'account_erased' }
    }
    return { ok: false, reason: 'busy' }
  }

  /** The newest change of an account's status; undefined for one that has been open since it was opened. */
  async function readNewest(accountId: string): Promise<StatusChange | undefined> {
    const { Items } = await client.send(new QueryCommand({ ...newestFirst(accountId), Limit: 1 }))
    return Items?.[0] && toStatusChange(Items[0])
  }

  /** What an account was at an instant, by its newest change until then, one at that very instant included. */
  async function readAt(accountId: string, instant: string): Promise<AccountStatus> {
    const query = newestFirst(accountId)
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const page = await client.send(
        new QueryCommand({
          ...query,
          FilterExpression: '#at <= :instant',
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ':instant': instant },
          ExclusiveStartKey,
        }),
      )
      if (page.Items?.[0]) return toStatusChange(page.Items[0]).status
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
    return 'open'
  }

  const newestFirst = (accountId: string) => ({
    TableName: ledgerTable,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': 'STATUS#' },
    ScanIndexForward: false,
    ConsistentRead: true,
  })

  /** `unknown` when HEAD has moved or nothing is known: the next look at HEAD tells. */
  async function write(
    head: Head,
    next: Head,
    request: StatusRequest,
  ): Promise<'written' | 'erased' | 'unknown'> {
    const { accountId, at, actor, reason, faults, unlessErased = [] } = request
    const { status, revision, reopenedAt } = next
    const record: StatusChange = {
      accountId,
      status,
      statusBefore: head.status,
      revision,
      at,
      actor,
      reason,
      faults,
    }
    const pk = accountKey(accountId)
    const update = {
      TableName: ledgerTable,
      Key: { pk, sk: HEAD_KEY },
      UpdateExpression: `SET #status = :status, #revision = :revision${reopenedAt ? ', reopenedAt = :reopenedAt' : ''}`,
      ConditionExpression: '#revision = :read',
      ExpressionAttributeNames: { '#status': 'status', '#revision': 'revision' },
      ExpressionAttributeValues: {
        ...{ ':status': status, ':revision': revision, ':read': head.revision },
        ...(reopenedAt && { ':reopenedAt': reopenedAt }),
      },
    }
    const Item = { pk, sk: changeKey(revision), ...record }
    const put = { TableName: ledgerTable, Item, ConditionExpression: 'attribute_not_exists(pk)' }
    try {
      const TransactItems = [{ Update: update }, { Put: put }, ...unlessErased]
      await client.send(new TransactWriteCommand({ TransactItems }))
      return 'written'
    } catch (error) {
      if (isCancelled(error) && isErased(error)) return 'erased'
      if (isCancelled(error) && !isMalformed(error)) return 'unknown'
      if (isWorthRetrying(error)) return 'unknown'
      throw error
    }
  }

  return { change, readNewest, readAt }
}

/** Behind HEAD and the record stand the conditions on other items. */
function isErased(error: { CancellationReasons?: { Code?: string }[] }): boolean {
  return error.CancellationReasons?.slice(2).some(({ Code }) => Code === 'ConditionalCheckFailed') ?? false
}

function isMalformed(error: { CancellationReasons?: { Code?: string }[] }): boolean {
  return error.CancellationReasons?.some(({ Code }) => Code === 'ValidationError') ?? false
}

/** The record of a change, from the table or from its stream. */
export function toStatusChange({ pk, sk, ...change }: Record<string, unknown>): StatusChange {
  return change as StatusChange
}
