import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { type ChargeRequest, chargeBody } from '../../functions/charges/charge.ts'
import { createCharging } from '../../functions/charges/charge-now.store.ts'
import { Problem } from '../../functions/edge/problem.ts'
import { createHoldStore } from '../../functions/holds/hold.store.ts'
import { createSessionRecords } from '../../functions/holds/session-record.store.ts'
import { reverse } from '../../functions/ledger/decide-movement.ts'
import type { Entry } from '../../functions/ledger/entry.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import type { PriceSource } from '../../functions/prices/price-source.ts'
import { createSavedCardStore } from '../../functions/top-up/saved-card.store.ts'
import { createTopUpSettlement } from '../../functions/top-up/settle-top-up.store.ts'
import { createTopUpStore } from '../../functions/top-up/top-up.store.ts'
import { createUsageDeduction } from '../../functions/usage/deduct-usage.store.ts'
import { createNumberedStore } from '../../functions/usage/numbered.store.ts'
import { createUsageStore } from '../../functions/usage/usage.store.ts'
import { readUsageDetail, unpackUsageEvents } from '../../functions/usage/usage-entry.ts'
import type { UsageEvent } from '../../functions/usage/usage-event.ts'
import { planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { fixedPrices, perUnit, tiered, usageEvent } from '../usage/priced.ts'
import { deliverAll, faultyClient, randomNumbers, type SimulatedMessage } from './faults.ts'
import { paymentOf, startTopUp } from './top-ups.ts'

/** The first of December in Berlin: clocks that run apart are in different months. */
const TURN_OF_MONTH = Date.parse('2026-11-30T23:00:00.000Z')
const FURTHEST_APART_MILLISECONDS = 30 * 60_000
let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

/** Prices of which a new version is published between any two looks. */
function movingPrices(): PriceSource {
  const versions = ['1', '2'].map((amount) =>
    fixedPrices(
      perUnit('sms', amount),
      tiered('fax', [
        { upTo: 5, unitAmount: amount },
        { upTo: null, unitAmount: '0.5' },
      ]),
    ),
  )
  let looks = 0
  return { open: () => versions[looks++ % versions.length]!.open() }
}

/** Everything that moves money, through one client. */
function machineThrough(client: DynamoDBDocumentClient, random: () => number) {
  const options = { ...database, client, random, sleep: () => Promise.resolve() }
  const ledger = createLedger(options)
  const prices = movingPrices()
  return {
    ledger,
    usage: createUsageDeduction({
      ledger,
      numbered: createNumberedStore({ ...database, client, ledger }),
      accounts: world.accounts,
      prices,
      sessions: createSessionRecords(createHoldStore({ ...database, client })),
    }),
    charging: createCharging({ ledger, prices, terms: { require: async () => undefined } }),
    months: createMonthlyCharging(options),
    settlement: createTopUpSettlement({
      topUps: createTopUpStore(options),
      cards: createSavedCardStore(options),
      ledger,
    }),
    client,
  }
}

type Machine = ReturnType<typeof machineThrough>

const batchSpec = fc.array(
  fc.record({
    event: fc.nat(19),
    service: fc.constantFrom('sms', 'fax', 'telex'),
    quantity: fc.integer({ min: 0, max: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
)
const storySpec = fc.record({
  seed: fc.integer(),
  creditUnits: fc.integer({ min: 0, max: 40 }),
  seats: fc.integer({ min: 0, max: 4 }),
  batches: fc.array(fc.record({ account: fc.nat(1), events: batchSpec }), { minLength: 1, maxLength: 5 }),
  charges: fc.array(fc.record({ account: fc.nat(1), units: fc.integer({ min: 1, max: 15 }) }), {
    maxLength: 5,
  }),
  topUps: fc.array(fc.record({ account: fc.nat(1), units: fc.integer({ min: 1, max: 20 }) }), {
    maxLength: 3,
  }),
  reversals: fc.array(fc.record({ account: fc.nat(1), sequence: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 3,
  }),
  changes: fc.array(fc.record({ account: fc.nat(1), seats: fc.nat(4) }), { maxLength: 2 }),
})
type Story = typeof storySpec extends fc.Arbitrary<infer Value> ? Value : never

const staff = { kind: 'staff' as const, actor: 'person:1', subject: '1' }

/** What the callers of one story were told. */
type Told = {
  charges: Map<string, { account: Account; replies: (bigint | 'refused')[] }>
  events: Map<string, UsageEvent>
  topUps: { account: Account; topUpId: string; units: number }[]
}

async function messagesOf(
  story: Story,
  accounts: Account[],
  machine: Machine,
  clock: () => Date,
  told: Told,
) {
  const messages: SimulatedMessage[] = []
  for (const { account, events } of story.batches) {
    const { accountId } = accounts[account]!
    const batch = events.map(({ event, ...spec }) =>
      usageEvent(accountId, { ...spec, id: `${story.seed}-${accounts[0]!.accountId}-${event}` }),
    )
    for (const event of batch) told.events.set(event.id, event)
    messages.push({
      deliver: async () => void (await machine.usage.deduct(accountId, batch, clock().toISOString())),
    })
  }
  story.charges.forEach(({ account, units }, index) => {
    const charge = { account: accounts[account]!, replies: [] as (bigint | 'refused')[] }
    told.charges.set(`key-${index}`, charge)
    messages.push({ deliver: () => chargeOnce(machine, `key-${index}`, charge, units, clock) })
  })
  for (const [index, { account, units }] of story.topUps.entries()) {
    const topUp = await startTopUp(database, accounts[account]!, index, units)
    told.topUps.push(topUp)
    messages.push({ deliver: () => machine.settlement.receive(paymentOf(topUp), clock().toISOString()) })
  }
  for (const { account, sequence } of story.reversals) {
    messages.push({
      deliver: () => reverseOnce(machine, accounts[account]!.accountId, BigInt(sequence), clock),
    })
  }
  for (const { account, seats } of story.changes) {
    const change = async () => void (await world.choose(accounts[account]!, seats, clock(), machine.client))
    messages.push({ deliver: change })
  }
  for (const { accountId } of [...accounts, ...accounts]) {
    messages.push({ deliver: async () => void (await machine.months.chargeDue(accountId, clock())) })
  }
  return messages
}

async function chargeOnce(
  machine: Machine,
  idempotencyKey: string,
  { account, replies }: { account: Account; replies: (bigint | 'refused')[] },
  units: number,
  clock: () => Date,
) {
  const request = chargeBody.parse({ amount: `${units}`, currency: 'USD', description: 'x' }) as ChargeRequest
  try {
    const asked = { account, caller: staff, request, idempotencyKey, now: clock() }
    replies.push((await machine.charging.charge(asked)).sequence)
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'insufficient_credit') throw error
    replies.push('refused')
  }
}

async function reverseOnce({ ledger }: Machine, accountId: string, sequence: bigint, clock: () => Date) {
  const entry = await ledger.readEntry(accountId, sequence)
  if (!entry) return
  const posted = await ledger.post({
    accountId,
    key: `reverse:${sequence}`,
    requestHash: 'r',
    at: clock().toISOString(),
    decide: (head) => reverse(head, entry, { reason: 'test', actor: 'person:1' }),
  })
  if (!posted.ok && posted.reason === 'busy') throw new Error('busy')
}

/** What must hold of an account's history whatever happened. */
async function checkHistory(account: Account): Promise<Entry[]> {
  const { entries, faults } = await world.statement(account)
  expect(faults).toEqual([])
  const { accountId } = account
  const keys = entries.map(({ key }) => key).filter(Boolean)
  expect(new Set(keys).size).toBe(keys.length)
  expect(entries.filter((entry) => entry.availableAfterMicros < 0n)).toEqual([])
  for (const period of ['2026-12', '2027-01']) {
    const document = await world.subscriptions.readPeriod(accountId, period)
    const line = entries.find(({ key }) => key === `plan:${period}`)
    expect(document?.entrySequence).toBe(line?.sequence)
    if (line) expect(document).toMatchObject({ status: 'charged', totalMicros: -line.amountMicros })
  }
  expect((await world.subscriptions.readDue(accountId, 'charge'))!.period).toBe('2027-01')
  expect(await world.subscriptions.readPeriod(accountId, '2026-12')).toBeDefined()
  return entries
}

/** Each event is decided once, in one entry of one account, and entries sum to what their events say. */
async function checkEvents(told: Told, histories: Map<string, Entry[]>) {
  const events = [...told.events.values()]
  const records = await createUsageStore(database).readMany(events)
  expect(records).toHaveLength(events.length)
  const listed = [...histories].flatMap(([accountId, entries]) =>
    entries
      .filter(({ kind }) => kind === 'usage')
      .flatMap((entry) =>
        unpackUsageEvents(readUsageDetail(entry.detail)).map(
          ({ id }) => `${accountId} ${entry.sequence} ${id}`,
        ),
      ),
  )
  expect(listed.sort()).toEqual(
    records.map(({ accountId, entrySequence, id }) => `${accountId} ${entrySequence} ${id}`).sort(),
  )
  for (const [accountId, entries] of histories) {
    for (const entry of entries.filter(({ kind }) => kind === 'usage')) {
      const own = records.filter(
        (record) => record.accountId === accountId && record.entrySequence === entry.sequence,
      )
      expect(own.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)).toBe(-entry.amountMicros)
    }
  }
}

/** What was accepted is in the history once; what was never accepted is not. */
async function checkPromises(told: Told, histories: Map<string, Entry[]>) {
  for (const [key, { account, replies }] of told.charges) {
    const made = histories.get(account.accountId)!.filter((entry) => entry.key === `charge:${key}`)
    const accepted = new Set(replies.filter((reply) => reply !== 'refused'))
    expect([...accepted]).toEqual(made.map(({ sequence }) => sequence))
    if (made.length > 0) expect(replies.at(-1)).toBe(made[0]!.sequence)
  }
  for (const { account, topUpId, units } of told.topUps) {
    const [line, ...more] = histories.get(account.accountId)!.filter(({ key }) => key === `top-up:${topUpId}`)
    expect([line?.amountMicros, more]).toEqual([BigInt(units) * UNIT, []])
    expect(await createTopUpStore(database).read(account.accountId, topUpId)).toMatchObject({
      status: 'settled',
      entrySequence: line!.sequence,
    })
  }
}

async function play(story: Story) {
  const random = randomNumbers(story.seed)
  const accounts = [
    await world.openWithPlan(story.seats, BigInt(story.creditUnits) * UNIT),
    await world.openWithPlan(1, BigInt(story.creditUnits) * UNIT),
  ]
  const told: Told = { charges: new Map(), events: new Map(), topUps: [] }
  const clock = () => new Date(TURN_OF_MONTH + (random() * 2 - 1) * FURTHEST_APART_MILLISECONDS)
  const badDay = faultyClient(database.client, { random, faults: 60, share: 0.15 })
  await deliverAll(await messagesOf(story, accounts, machineThrough(badDay, random), clock, told), random)

  // When all is quiet each caller asks once more, and a last firing makes up for what is due.
  const machine = machineThrough(database.client, random)
  const units = (key: string) => story.charges[Number(key.replace('key-', ''))]!.units
  for (const [key, charge] of told.charges) await chargeOnce(machine, key, charge, units(key), clock)
  const after = new Date(TURN_OF_MONTH + 2 * FURTHEST_APART_MILLISECONDS)
  for (const { accountId } of accounts) await machine.months.chargeDue(accountId, after)

  const histories = new Map<string, Entry[]>()
  for (const account of accounts) histories.set(account.accountId, await checkHistory(account))
  await checkEvents(told, histories)
  await checkPromises(told, histories)
}

describe('two accounts at the turn of the month, on a bad day', () => {
  it('neither lose, double nor invent money, whatever comes twice, late, out of order, at once, or dies', async () => {
    await fc.assert(fc.asyncProperty(storySpec, play), { numRuns: 8, seed: 20_261_201, endOnFailure: true })
  }, 120_000)
})
