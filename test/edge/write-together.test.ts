import { type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeTogether } from '../../functions/edge/write-together.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const putOnce = (pk: string) => ({
  Put: {
    TableName: database.documentsTable,
    Item: { pk, sk: 'X' },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})

/** The real client, which loses the reply to its first transactions. */
function losing(replies: number): DynamoDBDocumentClient {
  let lost = 0
  return new Proxy(database.client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name)
      return async (command: TransactWriteCommand) => {
        const reply = await target.send(command)
        if (command instanceof TransactWriteCommand && lost++ < replies)
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
        return reply
      }
    },
  })
}

it('recognises its own write when only the reply was lost', async () => {
  expect(await writeTogether(losing(1), [putOnce('lost-reply')])).toEqual({ ok: true })
})

it('is busy, and claims nothing, when replies keep being lost', async () => {
  expect(await writeTogether(losing(100), [putOnce('lost-replies')])).toEqual({ ok: false, reason: 'busy' })
})

it('tells by its place which condition failed', async () => {
  await writeTogether(database.client, [putOnce('there')])
  expect(await writeTogether(database.client, [putOnce('new'), putOnce('there')])).toMatchObject({
    ok: false,
    reason: 'condition_failed',
    failed: [{ index: 1 }],
  })
})
