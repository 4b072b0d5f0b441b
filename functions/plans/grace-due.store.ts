import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { withoutKeys } from '../edge/whole-document.ts'
import type { WriteItem } from '../edge/write-together.ts'
import type { GraceStep } from './grace.ts'
import { dueIndexKeys, dueKey } from './plan-keys.ts'

/** What an account waits for while a month is owed, under `DUE#grace`. */
export type GraceDue = GraceStep & { accountId: string }

/** The due item of an account's days of grace: there is one at most, and none when nothing is owed. */
export function createGraceDueStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable: TableName } = options
  const keyOf = (accountId: string) => ({ pk: accountKey(accountId), sk: dueKey('grace') })

  /** As it is now. Read before the months that are owed: one that was found short since then is not among them. */
  async function read(accountId: string): Promise<GraceDue | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName, Key: keyOf(accountId), ConsistentRead: true }),
    )
    return Item && (withoutKeys(Item) as GraceDue)
  }

  /** Whatever there was before: written with a month that is found short. */
  function begin(accountId: string, step: GraceStep) {
    const index = dueIndexKeys('grace', accountId, step.dueAt)
    return { Put: { TableName, Item: { ...keyOf(accountId), ...index, accountId, ...step } } }
  }

  /** Only from what was read. */
  function moveOn(accountId: string, step: GraceStep, before: GraceDue | undefined): WriteItem {
    return { Put: { ...begin(accountId, step).Put, ...asRead(before) } }
  }

  /** Only what was read. */
  function end(before: GraceDue): WriteItem {
    return { Delete: { TableName, Key: keyOf(before.accountId), ...asRead(before) } }
  }

  return { read, begin, moveOn, end }
}

function asRead(before: GraceDue | undefined) {
  if (!before) return { ConditionExpression: 'attribute_not_exists(pk)' }
  return {
    ConditionExpression: '#period = :period AND dueAt = :dueAt',
    ExpressionAttributeNames: { '#period': 'period' },
    ExpressionAttributeValues: { ':period': before.period, ':dueAt': before.dueAt },
  }
}
