import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { queryAll } from '../edge/query-all.ts'
import type { WriteItem } from '../edge/write-together.ts'
import { dueIndexKeys, EXPIRY_PREFIX, expiryKey } from '../plans/plan-keys.ts'
import type { ExpiryStep } from './expiry-steps.ts'

/** What an account waits for with the credit that expires at one instant. */
export type Expiry = ExpiryStep & {
  accountId: string
  expiresAt: string
  /** Raised by each write, also by one that only says that more credit expires then. */
  revision: bigint
}

/** The instants at which credit of an account expires: `EXPIRY#<instant>`, with the next step in the index of what is due. */
export function createExpiryStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /**
   * Makes sure that something is due for what expires then. Where the instant is watched already its step stays, but
   * whoever is about to end the watch sees that more has come.
   */
  async function watch(accountId: string, expiresAt: string, first: ExpiryStep): Promise<void> {
    const index = dueIndexKeys('expiry', accountId, first.dueAt)
    await client.send(
      new UpdateCommand({
        TableName: documentsTable,
        Key: { pk: accountKey(accountId), sk: expiryKey(expiresAt) },
        UpdateExpression: `SET accountId = :account, expiresAt = :expiresAt,
          daysBefore = if_not_exists(daysBefore, :daysBefore), dueAt = if_not_exists(dueAt, :dueAt),
          index1pk = if_not_exists(index1pk, :index1pk), index1sk = if_not_exists(index1sk, :index1sk)
          ADD revision :one`,
        ExpressionAttributeValues: {
          ':account': accountId,
          ':expiresAt': expiresAt,
          ':daysBefore': first.daysBefore,
          ':dueAt': first.dueAt,
          ':index1pk': index.index1pk,
          ':index1sk': index.index1sk,
          ':one': 1n,
        },
      }),
    )
  }

  /** What is due by then, soonest expiry first (strongly consistent). */
  async function listDue(accountId: string, at: string): Promise<Expiry[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      FilterExpression: 'dueAt <= :at AND attribute_exists(index1pk)',
      ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': EXPIRY_PREFIX, ':at': at },
      ConsistentRead: true,
    })
    return items.map(
      ({ expiresAt, daysBefore, dueAt, revision }) =>
        ({ accountId, expiresAt, daysBefore: Number(daysBefore), dueAt, revision }) as Expiry,
    )
  }

  /** On to the next step, from the step as it was read. */
  function moveOn({ accountId, expiresAt, revision }: Expiry, { daysBefore, dueAt }: ExpiryStep): WriteItem {
    const index = dueIndexKeys('expiry', accountId, dueAt)
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: accountKey(accountId), sk: expiryKey(expiresAt) },
        ConditionExpression: 'revision = :read',
        UpdateExpression:
          'SET daysBefore = :daysBefore, dueAt = :dueAt, index1pk = :index1pk, index1sk = :index1sk, revision = :next',
        ExpressionAttributeValues: {
          ':read': revision,
          ':next': revision + 1n,
          ':daysBefore': daysBefore,
          ':dueAt': dueAt,
          ':index1pk': index.index1pk,
          ':index1sk': index.index1sk,
        },
      },
    }
  }

  /** Nothing is left to be done, if nobody has said since that more credit expires then. */
  function end({ accountId, expiresAt, revision }: Expiry): WriteItem {
    return {
      Delete: {
        TableName: documentsTable,
        Key: { pk: accountKey(accountId), sk: expiryKey(expiresAt) },
        ConditionExpression: 'revision = :read',
        ExpressionAttributeValues: { ':read': revision },
      },
    }
  }

  return { watch, listDue, moveOn, end }
}
