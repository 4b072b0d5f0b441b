import type { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccountQueue } from '../../functions/plans/account-queue.client.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createDueStore } from '../../functions/plans/due.store.ts'
import type { DueCharge } from '../../functions/plans/find-due.ts'
import { findDue } from '../../functions/plans/find-due.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { planAccounts, UNIT } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

const collect = () => {
  const accountIds: string[] = []
  return { accountIds, send: async (more: readonly string[]) => void accountIds.push(...more) }
}

/** Runs that take all, or leave all to be charged alone. */
const collectRuns = (leavesAll = false) => {
  const accountIds: string[] = []
  const take = async (charges: readonly DueCharge[]) => {
    accountIds.push(...charges.map(({ accountId }) => accountId))
    return leavesAll ? charges.map(({ accountId }) => accountId) : []
  }
  return { accountIds, ofShard: () => ({ take }) }
}

describe('finding what is due', () => {
  it('sends each due account, whatever the shard and page, and none that is not due', async () => {
    const opened: string[] = []
    for (let count = 0; count < 25; count++) opened.push((await world.openWithPlan(1, 10n * UNIT)).accountId)
    const later = await world.openWithPlan(1, 10n * UNIT, { timeZone: 'America/New_York' })
    const store = createDueStore({ ...database, pageAccounts: 2 })
    const find = async (at: string) => {
      const kinds = { charge: collect(), warning: collect(), grace: collect(), expiry: collect() }
      const targets = { ...kinds, ring_fence: collect() }
      const runs = collectRuns()
      await findDue(store, targets, runs, at)
      expect(targets.charge.accountIds).toEqual([])
      return { charge: runs.accountIds.sort(), warning: targets.warning.accountIds.sort() }
    }
    expect(await find('2026-11-25T22:59:59.999Z')).toEqual({ charge: [], warning: [] })
    expect(await find('2026-11-25T23:00:00.000Z')).toEqual({ charge: [], warning: opened })
    expect(await find('2026-11-30T23:00:00.000Z')).toEqual({
      charge: opened,
      warning: [...opened, later.accountId],
    })
    const charging = createMonthlyCharging(database)
    for (const accountId of opened) await charging.chargeDue(accountId, new Date('2026-11-30T23:00:00.000Z'))
    expect((await find('2026-12-01T05:00:00.000Z')).charge).toEqual([later.accountId])
  })

  it('sends the other shards when one fails, and says so', async () => {
    const sent = collect()
    const source = {
      async *listDue(shard: number) {
        if (shard === 3) throw new Error('shard 3')
        const accountId = `shard-${shard}`
        yield shard % 2 === 0
          ? [{ kind: 'charge' as const, accountId, period: '2026-12' }]
          : [{ kind: 'warning' as const, accountId }]
      },
    }
    await expect(
      findDue(
        source,
        { charge: sent, warning: sent, grace: sent, expiry: sent, ring_fence: sent },
        collectRuns(true),
        '2026-12-01T00:00:00.000Z',
      ),
    ).rejects.toThrow('1 shards')
    expect(sent.accountIds).toHaveLength(15)
  })

  it('sends again what the queue turned down, and throws for what stays out', async () => {
    const requests: string[][] = []
    const client = (turnsDown: (id: string, request: number) => boolean) =>
      ({
        send: async (command: SendMessageBatchCommand) => {
          const ids = command.input.Entries!.map(
            ({ MessageBody }) => JSON.parse(MessageBody!).accountId as string,
          )
          requests.push(ids)
          const entries = command.input.Entries!
          return {
            Successful: entries
              .filter((_, index) => !turnsDown(ids[index]!, requests.length))
              .map(({ Id }) => ({ Id })),
          }
        },
      }) as unknown as SQSClient
    const sleep = async () => {}
    const accountIds = Array.from({ length: 12 }, (_, index) => `acc_${index}`)
    const patient = client((id, request) => id === 'acc_3' && request === 1)
    await createAccountQueue({ client: patient, queueUrl: 'q', sleep }).send(accountIds)
    expect(requests).toEqual([accountIds.slice(0, 10), ['acc_3'], ['acc_10', 'acc_11']])
    const stubborn = createAccountQueue({ client: client((id) => id === 'acc_3'), queueUrl: 'q', sleep })
    await expect(stubborn.send(accountIds)).rejects.toThrow('1 messages')
  })
})
