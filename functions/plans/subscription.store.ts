import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { beginningOfPeriod, nextPeriod, type Period, warningOfPeriod } from '../accounts/billing-period.ts'
import { queryAll } from '../edge/query-all.ts'
import type { WriteItem } from '../edge/write-together.ts'
import type { PeriodDocument } from './period-document.ts'
import { dueIndexKeys, dueKey, PLAN, periodKey } from './plan-keys.ts'
import type { Subscription } from './subscription.ts'

/** What the plan's calendar has due. */
type PlanDue = 'charge' | 'warning'

/** The month that an account waits for. */
export type Due = {
  accountId: string
  period: Period
  dueAt: string
  /** Of the charge only: the subscription's revision, which a charge depends on and a change moves. */
  planRevision?: bigint
  /** Of an account that was found closed: nothing finds it in the index. */
  isEnded?: true
}

export type SubscriptionStore = ReturnType<typeof createSubscriptionStore>

/** An account's subscription, what is due for it, and what became of its months. Reads are strongly consistent. */
export function createSubscriptionStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  async function read(accountId: string): Promise<Subscription | undefined> {
    return (await get(accountId, PLAN)) as Subscription | undefined
  }

  async function readDue(accountId: string, kind: PlanDue): Promise<Due | undefined> {
    return (await get(accountId, dueKey(kind))) as Due | undefined
  }

  async function readPeriod(accountId: string, period: Period): Promise<PeriodDocument | undefined> {
    const item = await get(accountId, periodKey(period))
    return item && toPeriodDocument(item)
  }

  /** The months that are owed, oldest first. */
  async function listShort(accountId: string): Promise<PeriodDocument[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      FilterExpression: '#status = :short',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':pk': accountKey(accountId),
        ':prefix': periodKey(''),
        ':short': 'short',
      },
      ConsistentRead: true,
    })
    return items.map(toPeriodDocument)
  }

  async function get(accountId: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const Key = { pk: accountKey(accountId), sk }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && withoutKeys(Item)
  }

  /** Puts the first due month in place, if there is none. */
  function beginDue(kind: PlanDue, due: Due): WriteItem {
    const keys = {
      pk: accountKey(due.accountId),
      sk: dueKey(kind),
      ...dueIndexKeys(kind, due.accountId, due.dueAt),
    }
    const Item = { ...keys, ...due }
    return { Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  /**
   * Moves a due month on to the next, only from the month as it was read, and, of a charge, only if the subscription is as
   * it was read.
   */
  function moveDueOn(kind: PlanDue, due: Due, timeZone: string): WriteItem {
    const period = nextPeriod(due.period)
    const dueAt = (kind === 'charge' ? beginningOfPeriod : warningOfPeriod)(period, timeZone)
    return moveDue(kind, due, { period, dueAt })
  }

  /** Leaves a month due, at a later instant, only while it is the month that is due. */
  function dueAgainAt(kind: PlanDue, due: Due, dueAt: string): WriteItem {
    return moveDue(kind, due, { period: due.period, dueAt })
  }

  function moveDue(kind: PlanDue, due: Due, { period, dueAt }: { period: Period; dueAt: string }): WriteItem {
    const index = dueIndexKeys(kind, due.accountId, dueAt)
    const asRead = due.planRevision === undefined ? '' : ' AND planRevision = :revision'
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: accountKey(due.accountId), sk: dueKey(kind) },
        ConditionExpression: `#period = :read${asRead}`,
        UpdateExpression:
          'SET #period = :period, dueAt = :dueAt, index1pk = :index1pk, index1sk = :index1sk REMOVE isEnded',
        ExpressionAttributeNames: { '#period': 'period' },
        ExpressionAttributeValues: {
          ':read': due.period,
          ':period': period,
          ':dueAt': dueAt,
          ':index1pk': index.index1pk,
          ':index1sk': index.index1sk,
          ...(due.planRevision !== undefined && { ':revision': due.planRevision }),
        },
      },
    }
  }

  /** Writes nothing: what stands beside it is written only while that month is due, and the subscription as it was read. */
  function stillDue(kind: PlanDue, due: Due): WriteItem {
    return {
      ConditionCheck: {
        TableName: documentsTable,
        Key: { pk: accountKey(due.accountId), sk: dueKey(kind) },
        ConditionExpression: `#period = :read${due.planRevision === undefined ? '' : ' AND planRevision = :revision'}`,
        ExpressionAttributeNames: { '#period': 'period' },
        ExpressionAttributeValues: {
          ':read': due.period,
          ...(due.planRevision !== undefined && { ':revision': due.planRevision }),
        },
      },
    }
  }

  /** Takes a due month out of the index: nothing finds it any more. Its month stays, for when the account is open again. */
  function endDue(kind: PlanDue, due: Due): WriteItem {
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: accountKey(due.accountId), sk: dueKey(kind) },
        ConditionExpression: '#period = :read',
        UpdateExpression: 'SET isEnded = :ended REMOVE index1pk, index1sk',
        ExpressionAttributeNames: { '#period': 'period' },
        ExpressionAttributeValues: { ':read': due.period, ':ended': true },
      },
    }
  }

  /** Puts a due month that was taken out of the index back in. */
  function reopenDue(kind: PlanDue, due: Due): WriteItem {
    const index = dueIndexKeys(kind, due.accountId, due.dueAt)
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: accountKey(due.accountId), sk: dueKey(kind) },
        ConditionExpression: '#period = :read AND isEnded = :ended',
        UpdateExpression: 'SET index1pk = :index1pk, index1sk = :index1sk REMOVE isEnded',
        ExpressionAttributeNames: { '#period': 'period' },
        ExpressionAttributeValues: {
          ':read': due.period,
          ':ended': true,
          ':index1pk': index.index1pk,
          ':index1sk': index.index1sk,
        },
      },
    }
  }

  /** Records what became of a month, once. */
  function putPeriod(document: Omit<PeriodDocument, 'revision'>): WriteItem {
    const keys = { pk: accountKey(document.accountId), sk: periodKey(document.period) }
    const Item = { ...keys, ...document, revision: 1n }
    return { Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  /** Changes what became of a month, only from the document as it was read. */
  function replacePeriod(document: Omit<PeriodDocument, 'revision'>, before: PeriodDocument): WriteItem {
    const keys = { pk: accountKey(document.accountId), sk: periodKey(document.period) }
    return {
      Put: {
        TableName: documentsTable,
        Item: { ...keys, ...document, revision: before.revision + 1n },
        ConditionExpression: 'revision = :read',
        ExpressionAttributeValues: { ':read': before.revision },
      },
    }
  }

  /** Writes nothing: what stands beside it is written only while the month is owed. */
  function stillShort({ accountId, period }: PeriodDocument): WriteItem {
    return {
      ConditionCheck: {
        TableName: documentsTable,
        Key: { pk: accountKey(accountId), sk: `PERIOD#${period}` },
        ConditionExpression: '#status = :short',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':short': 'short' },
      },
    }
  }

  const dueWrites = { beginDue, moveDueOn, dueAgainAt, stillDue, endDue, reopenDue }
  const periodWrites = { putPeriod, replacePeriod, stillShort }
  return { read, readDue, readPeriod, listShort, ...dueWrites, ...periodWrites }
}

function withoutKeys({
  pk,
  sk,
  index1pk,
  index1sk,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  return rest
}

function toPeriodDocument(item: Record<string, unknown>): PeriodDocument {
  const document = withoutKeys(item) as PeriodDocument
  return {
    ...document,
    planVersion: Number(document.planVersion),
    daysInMonth: Number(document.daysInMonth),
    lines: document.lines.map((line) => ({
      ...line,
      firstDay: Number(line.firstDay),
      lastDay: Number(line.lastDay),
    })),
  }
}
