import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { eventDetails } from '../../functions/events/event.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { setAgreedPrices } from '../../functions/plans/set-agreed-prices.store.ts'
import { createAnnouncing } from '../../functions/price-changes/announce-price-change.store.ts'
import { createAnnouncementStore } from '../../functions/price-changes/announcement.store.ts'
import {
  type AnnouncementMessage,
  announcementMessageSchema,
  SUBSCRIBER_SHARDS,
} from '../../functions/price-changes/announcement.ts'
import { createPriceChangeStore } from '../../functions/price-changes/price-change.store.ts'
import { messagesOfPending } from '../../functions/price-changes/queue-announcements.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { november, planAccounts, recordingBus, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let planCount = 0

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

const portalUrl = 'https://portal.example.com'
const FEBRUARY = '2027-02-01T00:00:00.000Z'

const setSeat = async (planId: string, seatMicros: bigint, now: string, effectiveFrom?: string) => {
  const set = await world.plans.set(
    planId,
    {
      ...{ name: 'Seats', clientType: 'hosted', currency: 'USD', baseFeeMicros: 0n, effectiveFrom },
      services: [{ service: 'seat', name: 'Seat', unitFeeMicros: seatMicros }],
    },
    now,
  )
  if (!set.ok) throw new Error(JSON.stringify(set))
  return set.version.version
}

async function newPlan(): Promise<string> {
  planCount += 1
  await setSeat(`seats-${planCount}`, 5n * UNIT, '2026-01-01T00:00:00.000Z')
  return `seats-${planCount}`
}

async function subscribe(planId: string, quantity: bigint): Promise<Account> {
  const account = await world.open({ timeZone: 'UTC' })
  const choice = { planId, services: [{ service: 'seat', quantity }] }
  expect(await choosePlan(database, { account, choice, actor: 'x', now: november })).toMatchObject({
    ok: true,
  })
  return account
}

/** The schedule, the queue and its worker: a message that fails comes again. */
function announcer(
  more: { clientOf?: (attempt: number) => TestDatabase['client']; pageAccounts?: number } = {},
) {
  const bus = recordingBus()
  const queue: AnnouncementMessage[] = []
  let attempts = 0
  const send = async (messages: readonly AnnouncementMessage[]) => {
    queue.push(
      ...messages.map((message) => announcementMessageSchema.parse(JSON.parse(JSON.stringify(message)))),
    )
  }
  const workerOf = () => {
    attempts += 1
    const client = more.clientOf?.(attempts) ?? database.client
    return createAnnouncing({
      ...database,
      client,
      portalUrl,
      put: bus.put,
      send,
      pageAccounts: more.pageAccounts,
    })
  }
  const store = createAnnouncementStore(database)

  async function work(): Promise<void> {
    for (let message = queue.shift(); message; message = queue.shift()) {
      const worker = workerOf()
      const { planId, version } = message
      const done =
        'accountId' in message
          ? worker.tell(planId, version, message.accountId, new Date('2026-11-20T00:00:00.000Z'))
          : worker.queueShard(planId, version, message.shard)
      await done.catch((error) => {
        expect(error).toBeInstanceOf(Died)
        queue.push(message)
      })
    }
  }

  /** One firing of the schedule, for one plan of the tests'. */
  async function fire(planId: string): Promise<void> {
    const pending = await store.listPending()
    await send(messagesOfPending(pending.filter((announcement) => announcement.planId === planId)))
    await work()
  }

  const told = () => bus.named('plan.price_change').map(({ detail }) => detail)
  return { fire, told, queue, send, work, store }
}

const isPending = async (planId: string) =>
  (await createAnnouncementStore(database).listPending()).some((one) => one.planId === planId)

describe('announcing a new version', () => {
  it('tells each client whose month changes, before and after, from when, once; and is done then', async () => {
    const planId = await newPlan()
    const account = await subscribe(planId, 3n)
    const unconcerned = await subscribe(planId, 0n)
    await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
    const { fire, told, send, work } = announcer()
    await fire(planId)
    await fire(planId)
    // A message that comes again, a week late for instance.
    await send([{ planId, version: 2, accountId: account.accountId }])
    await work()
    expect(told()).toHaveLength(1)
    expect(told()[0]).toMatchObject({
      id: `${account.accountId}/plan.price_change/${planId}/2`,
      ...{ accountId: account.accountId, fromPeriod: '2027-02', fromDate: '2027-02-01' },
      ...{ before: { amount: '15.00', currency: 'USD' }, after: { amount: '18.00', currency: 'USD' } },
      planUrl: `${portalUrl}/portal?account=${account.accountId}`,
    })
    expect(eventDetails['plan.price_change'].strict().parse(told()[0])).toEqual(told()[0])
    expect(told().some(({ accountId }) => accountId === unconcerned.accountId)).toBe(false)
    expect(await isPending(planId)).toBe(false)
  })

  it('reaches every client whatever the pages, and only those whose latest choice is the plan', async () => {
    const planId = await newPlan()
    const other = await newPlan()
    const accounts: Account[] = []
    for (let count = 0; count < 20; count++) accounts.push(await subscribe(planId, 1n))
    const left = accounts.pop()!
    await choosePlan(database, {
      ...{ account: left, actor: 'x', now: november },
      choice: { planId: other, services: [{ service: 'seat', quantity: 1n }] },
    })
    await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
    const { fire, told } = announcer({ pageAccounts: 1 })
    await fire(planId)
    expect(
      told()
        .map(({ accountId }) => accountId)
        .sort(),
    ).toEqual(accounts.map(({ accountId }) => accountId).sort())
  })

  it('tells by the price that was agreed with an account, and nothing where that stays', async () => {
    const planId = await newPlan()
    const account = await subscribe(planId, 3n)
    const wishes = [{ service: 'seat', unitFeeMicros: UNIT, fromPeriod: '2026-12', reason: 'agreed' }]
    await setAgreedPrices(database, { account, wishes, actor: 'machine:staff', now: november })
    await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
    const { fire, told } = announcer()
    await fire(planId)
    expect(told()).toEqual([])
    expect(await isPending(planId)).toBe(false)
  })

  it('tells a closed account nothing', async () => {
    const planId = await newPlan()
    const account = await subscribe(planId, 3n)
    await database.client.send(
      new UpdateCommand({
        TableName: database.ledgerTable,
        Key: { pk: `ACCOUNT#${account.accountId}`, sk: 'HEAD' },
        UpdateExpression: 'SET #status = :closed',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':closed': 'closed' },
      }),
    )
    await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
    const { fire, told } = announcer()
    await fire(planId)
    expect(told()).toEqual([])
  })

  it('says nothing of a raise that was taken back before it was told, and takes back one that was', async () => {
    const [early, late] = [await newPlan(), await newPlan()]
    await subscribe(early, 1n)
    const account = await subscribe(late, 1n)
    const { fire, told } = announcer()
    for (const planId of [early, late]) {
      await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
      if (planId === late) await fire(late)
      await setSeat(planId, 5n * UNIT, '2026-11-16T00:00:00.000Z', FEBRUARY)
      // The older version of a plan is taken up first, the newer by the next firing.
      await fire(planId)
      await fire(planId)
      expect(await isPending(planId)).toBe(false)
    }
    expect(told().map(({ accountId, planVersion, after }) => [accountId, planVersion, after.amount])).toEqual(
      [
        [account.accountId, 2, '6.00'],
        [account.accountId, 3, '5.00'],
      ],
    )
  })

  it('is told once by many at work at once, with messages doubled', async () => {
    const planId = await newPlan()
    const accounts: Account[] = []
    for (let count = 0; count < 6; count++) accounts.push(await subscribe(planId, 1n))
    await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
    const { fire, told, work, send, store } = announcer({ pageAccounts: 2 })
    const messages = messagesOfPending((await store.listPending()).filter((one) => one.planId === planId))
    await send([...messages, ...messages.toReversed(), ...messages])
    await Promise.all([work(), work(), work()])
    await fire(planId)
    const ids = new Set(told().map(({ id }) => id))
    expect(ids.size).toBe(accounts.length)
    expect(await isPending(planId)).toBe(false)
  })

  it('reaches everybody whichever write its worker dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let dies = 1; dies <= 4; dies++) {
        const planId = await newPlan()
        const accounts = [await subscribe(planId, 1n), await subscribe(planId, 2n)]
        await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
        // Every third worker dies at its first write: of a shard's position, of the record of a client, of the end.
        const { fire, told } = announcer({
          clientOf: (attempt) =>
            attempt % 3 === dies % 3 ? dyingClient(database.client, { atWrite: 1, when }) : database.client,
        })
        await fire(planId)
        await fire(planId)
        const ids = new Set(told().map(({ id }) => id))
        expect([...ids].sort()).toEqual(
          accounts.map(({ accountId }) => `${accountId}/plan.price_change/${planId}/2`).sort(),
        )
        expect(await isPending(planId)).toBe(false)
      }
    }
  })

  it('is there with its version or not at all, whenever the process dies', async () => {
    const planId = await newPlan()
    const store = createAnnouncementStore(database)
    expect(await store.read(planId, 1)).toBeUndefined()
    await setSeat(planId, 4n * UNIT, '2026-11-15T00:00:00.000Z')
    expect(await store.read(planId, 2)).toMatchObject({ planId, version: 2 })
    // The same content again is no version, and nothing to be announced.
    await setSeat(planId, 4n * UNIT, '2026-11-15T00:00:00.000Z')
    expect(await store.read(planId, 3)).toBeUndefined()
  })
})

describe('what an account sees of changes to come', () => {
  it('is its own month before and after, until that month begins', async () => {
    const planId = await newPlan()
    const account = await subscribe(planId, 3n)
    await setSeat(planId, 6n * UNIT, '2026-11-15T00:00:00.000Z', FEBRUARY)
    const subscription = (await world.subscriptions.read(account.accountId))!
    const listAt = (now: string) => createPriceChangeStore(database).listComing(account, subscription, now)
    expect(await listAt('2026-11-15T00:00:01.000Z')).toMatchObject([
      { planVersion: 2, fromPeriod: '2027-02', beforeMicros: 15n * UNIT, afterMicros: 18n * UNIT },
    ])
    expect(await listAt('2027-01-31T23:59:59.999Z')).toHaveLength(1)
    expect(await listAt(FEBRUARY)).toEqual([])
  })
})

describe('a message of the queue', () => {
  it.each([
    {},
    { planId: 'p', version: 1 },
    { planId: 'p', version: 0, shard: 0 },
    { planId: 'p', version: 1, shard: SUBSCRIBER_SHARDS },
    { planId: 'P#', version: 1, shard: 0 },
    { planId: 'p', version: 1, accountId: '' },
    { planId: 'p', version: 1, shard: 0, accountId: 'a' },
  ])('that is none is refused: %j', (message) => {
    expect(announcementMessageSchema.safeParse(message).success).toBe(false)
  })
})
