import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createHoldStore } from '../../functions/holds/hold.store.ts'
import { createSessionRecords } from '../../functions/holds/session-record.store.ts'
import { createSettling } from '../../functions/holds/settle-hold.store.ts'
import { credit } from '../../functions/ledger/decide-movement.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import type { PriceVersion } from '../../functions/prices/price.ts'
import { createUsageDeduction } from '../../functions/usage/deduct-usage.store.ts'
import { createNumberedStore } from '../../functions/usage/numbered.store.ts'
import { createUsageStore, type UsageStore } from '../../functions/usage/usage.store.ts'
import { readUsageDetail, unpackUsageEvents } from '../../functions/usage/usage-entry.ts'
import type { UsageEvent } from '../../functions/usage/usage-event.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { fixedPrices, perUnit, tiered, usageEvent } from './priced.ts'

const at = '2026-11-23T12:00:00.000Z'
const UNIT = 1_000_000n
let database: TestDatabase
let ledger: Ledger
let usage: UsageStore
let accounts = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
  usage = createUsageStore(database)
})
afterAll(() => database.stop())

async function openAccount(creditMicros: bigint): Promise<string> {
  accounts += 1
  const accountId = `acc_usage${String(accounts).padStart(6, '0')}`
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  if (creditMicros === 0n) return accountId
  const movement = {
    kind: 'credit' as const,
    contra: 'credit:goodwill' as const,
    reason: 'test',
    actor: 'machine:test',
    detail: {},
    currency: 'USD',
    amountMicros: creditMicros,
  }
  await ledger.post({ accountId, key: 'opening', at, decide: (head) => credit(head, movement) })
  return accountId
}

function deductionOf(prices: PriceVersion[], through: Pick<Ledger, 'post'> = ledger) {
  const read = async (accountId: string): Promise<Account> => ({
    accountId,
    name: 'Example Ltd',
    clientType: 'hosted',
    currency: 'USD',
    timeZone: 'Europe/Berlin',
    lowCreditThresholdMicros: 0n,
    createdAt: at,
  })
  const numbered = createNumberedStore({ ...database, ledger })
  return createUsageDeduction({
    ledger: { ...ledger, ...through },
    numbered,
    accounts: { read },
    prices: fixedPrices(...prices),
    sessions: createSessionRecords(createHoldStore(database)),
    settling: createSettling({ ledger, holds: createHoldStore(database), accounts: { read } }),
    terms: async () => ({}),
  })
}

const sms = perUnit('sms', '1')
const at2 = (second: number) => `2026-11-23T11:00:${String(second).padStart(2, '0')}.000Z`

async function historyOf(accountId: string) {
  const head = (await ledger.readHead(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 10_000, ascending: true })
  expect(proveAccount(head, entries)).toEqual([])
  return { head, entries }
}

describe('deducting usage', () => {
  it('deducts the longest prefix that fits, in the order of time, and refuses the rest in the same entry', async () => {
    const accountId = await openAccount(5n * UNIT)
    const [third, first, second, fourth] = [
      usageEvent(accountId, { at: at2(3), quantity: 4 }),
      usageEvent(accountId, { at: at2(1), quantity: 2 }),
      usageEvent(accountId, { at: at2(2), quantity: 2 }),
      usageEvent(accountId, { at: at2(4), quantity: 1 }),
    ]
    const { entry } = await deductionOf([sms]).deduct(accountId, [third, first, second, fourth], at)

    expect(entry).toMatchObject({
      amountMicros: -4n * UNIT,
      availableAfterMicros: UNIT,
      reason: '2 × sms, 2 refused',
    })
    const detail = readUsageDetail(entry!.detail)
    expect(detail).toMatchObject({
      deductedCount: 2,
      refusedCount: 2,
      refusals: { insufficient_credit: 2 },
      refusedAmount: '5.00',
    })
    expect(unpackUsageEvents(detail)).toEqual(
      [first, second, third, fourth].map(({ source, id }) => ({ source, id })),
    )
    expect(await usage.read(first)).toMatchObject({
      verdict: 'deducted',
      amountMicros: 2n * UNIT,
      availableBeforeMicros: 5n * UNIT,
      availableAfterMicros: 3n * UNIT,
      entrySequence: 2n,
    })
    expect(await usage.read(fourth)).toMatchObject({
      verdict: 'refused',
      reason: 'insufficient_credit',
      amountMicros: 0n,
    })
  })

  it('refuses what has no price by itself, and goes on with what has one', async () => {
    const accountId = await openAccount(5n * UNIT)
    const unknown = usageEvent(accountId, { at: at2(1), service: 'fax' })
    const incomplete = usageEvent(accountId, { at: at2(2), quantity: undefined, seconds: 3 })
    const good = usageEvent(accountId, { at: at2(3) })
    const { entry } = await deductionOf([sms]).deduct(accountId, [unknown, incomplete, good], at)
    expect(entry).toMatchObject({ amountMicros: -UNIT, reason: '1 uses of 2 services, 2 refused' })
    expect(await usage.read(unknown)).toMatchObject({ verdict: 'refused', reason: 'no_price', field: 'type' })
    expect(await usage.read(incomplete)).toMatchObject({ reason: 'quantity_missing', field: 'data.quantity' })
    expect(await usage.read(good)).toMatchObject({ verdict: 'deducted' })
  })

  it('deducts what costs nothing even when credit has run out', async () => {
    const accountId = await openAccount(0n)
    const paid = usageEvent(accountId, { at: at2(1) })
    const free = usageEvent(accountId, { at: at2(2), service: 'presence' })
    const { entry } = await deductionOf([sms, perUnit('presence', '0')]).deduct(accountId, [paid, free], at)
    expect(entry).toMatchObject({ amountMicros: 0n, availableAfterMicros: 0n })
    expect(await usage.read(paid)).toMatchObject({ verdict: 'refused' })
    expect(await usage.read(free)).toMatchObject({ verdict: 'deducted', amountMicros: 0n })
  })

  it('decides an event once, whether it comes twice in one posting, in two, or alone after them', async () => {
    const accountId = await openAccount(10n * UNIT)
    const [one, two, three] = [usageEvent(accountId), usageEvent(accountId), usageEvent(accountId)]
    const { deduct } = deductionOf([sms])
    await deduct(accountId, [one, one, two], at)
    await deduct(accountId, [two, three, one], at)
    const last = await deduct(accountId, [one, two, three], at)
    expect(last).toEqual({ entry: undefined, contradictions: [], gaps: [] })
    const { head, entries } = await historyOf(accountId)
    expect(head.availableMicros).toBe(7n * UNIT)
    expect(entries).toHaveLength(3)
  })

  it('lets the first decision stand when an event comes again with another content or subject, and reports it', async () => {
    const [accountId, other] = [await openAccount(10n * UNIT), await openAccount(10n * UNIT)]
    const event = usageEvent(accountId)
    const { deduct } = deductionOf([sms])
    await deduct(accountId, [event], at)
    const changed = { ...event, quantity: 5 }
    const elsewhere = { ...event, accountId: other }
    expect(await deduct(accountId, [changed], at)).toEqual({
      entry: undefined,
      contradictions: [changed],
      gaps: [],
    })
    expect(await deduct(other, [elsewhere], at)).toEqual({
      entry: undefined,
      contradictions: [elsewhere],
      gaps: [],
    })
    expect((await ledger.readHead(other))!.availableMicros).toBe(10n * UNIT)
    const twice = usageEvent(accountId)
    expect(await deduct(accountId, [twice, { ...twice, quantity: 2 }], at)).toMatchObject({
      contradictions: [{ quantity: 2 }],
    })
    expect((await ledger.readHead(accountId))!.availableMicros).toBe(8n * UNIT)
  })

  it('counts tiers over deducted events only, and begins anew with the account’s own month', async () => {
    const accountId = await openAccount(100n * UNIT)
    const price = tiered('sms', [
      { upTo: 10, unitAmount: '1' },
      { upTo: null, unitAmount: '0.5' },
    ])
    const { deduct } = deductionOf([price])
    const first = [
      usageEvent(accountId, { at: at2(1), quantity: 8 }),
      usageEvent(accountId, { at: at2(2), quantity: 4 }),
    ]
    expect((await deduct(accountId, first, at)).entry).toMatchObject({ amountMicros: -11n * UNIT })
    expect((await ledger.readHead(accountId))!.counters).toEqual({
      sms: { period: '2026-11', quantity: 12n },
    })
    await deduct(accountId, [usageEvent(accountId, { quantity: 1000 })], at)
    expect((await ledger.readHead(accountId))!.counters).toEqual({
      sms: { period: '2026-11', quantity: 12n },
    })
    // Midnight in Berlin is 23:00 UTC.
    const { entry } = await deduct(
      accountId,
      [usageEvent(accountId, { quantity: 10 })],
      '2026-11-30T23:00:00.000Z',
    )
    expect(entry).toMatchObject({ amountMicros: -10n * UNIT })
    expect((await ledger.readHead(accountId))!.counters).toEqual({
      sms: { period: '2026-12', quantity: 10n },
    })
  })

  it('counts on in the month that a clock ahead has begun: tiers are not given twice', async () => {
    const accountId = await openAccount(100n * UNIT)
    const tiers = [
      { upTo: 10, unitAmount: '1' },
      { upTo: null, unitAmount: '0.5' },
    ]
    const { deduct } = deductionOf([tiered('sms', tiers)])
    const turn = '2026-11-30T23:00:00.000Z'
    await deduct(accountId, [usageEvent(accountId, { quantity: 10 })], turn)
    const behind = new Date(Date.parse(turn) - 1).toISOString()
    const { entry } = await deduct(accountId, [usageEvent(accountId, { quantity: 4 })], behind)
    expect(entry).toMatchObject({ amountMicros: -2n * UNIT })
    expect((await ledger.readHead(accountId))!.counters).toEqual({
      sms: { period: '2026-12', quantity: 14n },
    })
  })

  it('counts a service whose name every object inherits like any other', async () => {
    const accountId = await openAccount(100n * UNIT)
    const { deduct } = deductionOf([tiered('hasOwnProperty', [{ upTo: null, unitAmount: '1' }])])
    await deduct(accountId, [usageEvent(accountId, { service: 'hasOwnProperty', quantity: 3 })], at)
    expect((await ledger.readHead(accountId))!.counters.hasOwnProperty).toEqual({
      period: '2026-11',
      quantity: 3n,
    })
  })

  it('writes nothing twice when the reply to a posting is lost', async () => {
    const accountId = await openAccount(10n * UNIT)
    const events = Array.from({ length: 97 }, () => usageEvent(accountId, { service: 'tiny' }))
    let lost = 0
    const client = new Proxy(database.client, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return async (command: TransactWriteCommand) => {
          const reply = await target.send(command)
          if (!(command instanceof TransactWriteCommand) || lost > 0) return reply
          lost += 1
          throw Object.assign(new Error('lost'), { name: 'TimeoutError' })
        }
      },
    })
    const through = createLedger({ ...database, client })
    await deductionOf([perUnit('tiny', '0.01')], through).deduct(accountId, events, at)
    const { head, entries } = await historyOf(accountId)
    expect(lost).toBe(1)
    expect(head.availableMicros).toBe(9_030_000n)
    expect(entries).toHaveLength(2)
  })

  it('decides each event once under any batches, order and replay; amounts sum to the change; never below zero', async () => {
    const services = { penny: '0.01', dime: '0.1', unit: '1', free: '0' }
    const { deduct } = deductionOf(
      Object.entries(services).map(([service, amount]) => perUnit(service, amount)),
    )
    const eventSpec = fc.record({
      service: fc.constantFrom(...Object.keys(services), 'unpriced'),
      quantity: fc.integer({ min: 0, max: 30 }),
      second: fc.integer({ min: 0, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(eventSpec, { minLength: 1, maxLength: 12 }),
        fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 60 }),
        async (specs, batches, units) => {
          const creditMicros = BigInt(units) * UNIT
          const accountId = await openAccount(creditMicros)
          const events = specs.map(({ second, ...spec }) =>
            usageEvent(accountId, { ...spec, at: at2(second) }),
          )
          const expected = new Map<string, { verdict: string; amountMicros: bigint }>()
          let balance = creditMicros
          for (const batch of batches) {
            const sent = batch.map((index) => events[index % events.length]!)
            balance = decideNaively(sent, services, balance, expected)
            await deduct(accountId, sent, at)
          }
          const { head, entries } = await historyOf(accountId)
          expect(head.availableMicros).toBe(balance)
          expect(head.availableMicros >= 0n).toBe(true)
          const records = await usage.readMany(events.filter(({ id }) => expected.has(id)))
          expect(
            new Map(records.map(({ id, verdict, amountMicros }) => [id, { verdict, amountMicros }])),
          ).toEqual(expected)
          const sum = records.reduce((total, { amountMicros }) => total + amountMicros, 0n)
          expect(creditMicros - sum).toBe(balance)
          const listed = entries
            .filter(({ kind }) => kind === 'usage')
            .flatMap(({ detail }) => unpackUsageEvents(readUsageDetail(detail)))
          expect(listed.map(({ id }) => id).sort()).toEqual([...expected.keys()].sort())
        },
      ),
      { numRuns: 40 },
    )
  })
})

/** The rule said once more, as plainly as can be: a loop over the sorted events that are new. */
function decideNaively(
  sent: UsageEvent[],
  services: Record<string, string>,
  before: bigint,
  decided: Map<string, { verdict: string; amountMicros: bigint }>,
): bigint {
  const fresh = [...new Map(sent.map((event) => [event.id, event])).values()].filter(
    ({ id }) => !decided.has(id),
  )
  fresh.sort((a, b) => (a.at + a.id < b.at + b.id ? -1 : 1))
  let balance = before
  let stopped = false
  for (const { id, service, quantity } of fresh) {
    const price = services[service]
    const cost =
      price === undefined ? undefined : BigInt(Math.round(Number(price) * 100)) * 10_000n * BigInt(quantity!)
    const fits = cost === 0n || (cost !== undefined && !stopped && cost <= balance)
    if (cost !== undefined && !fits) stopped = true
    if (fits) balance -= cost!
    decided.set(id, { verdict: fits ? 'deducted' : 'refused', amountMicros: fits ? cost! : 0n })
  }
  return balance
}
