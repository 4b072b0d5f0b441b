import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { type ChargeRequest, chargeBody } from '../../functions/charges/charge.ts'
import { type ChargingOptions, createCharging } from '../../functions/charges/charge-now.store.ts'
import { presentCharge } from '../../functions/charges/charges.api.ts'
import type { Caller } from '../../functions/edge/caller.ts'
import { Problem } from '../../functions/edge/problem.ts'
import { fieldErrors } from '../../functions/edge/read-request.ts'
import { credit } from '../../functions/ledger/decide-movement.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { holdingOn } from '../holds/holding.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { fixedPrices, perMinute, perUnit, tiered } from '../usage/priced.ts'

const now = new Date('2026-11-23T12:00:00Z')
const UNIT = 1_000_000n
const staff: Caller = { kind: 'staff', actor: 'person:1', subject: '1' }
const machine: Caller = { kind: 'usage', actor: 'machine:switch', subject: 'switch' }
const prices = fixedPrices(
  perUnit('sms', '0.05'),
  perMinute('call', '0.02'),
  tiered('fax', [
    { upTo: 10, unitAmount: '1' },
    { upTo: null, unitAmount: '0.5' },
  ]),
)
let database: TestDatabase
let ledger: Ledger
let accounts = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())

async function openAccount(creditMicros: bigint): Promise<Account> {
  accounts += 1
  const accountId = `acc_charge${String(accounts).padStart(6, '0')}`
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  const movement = {
    kind: 'credit',
    contra: 'credit:goodwill',
    reason: 'test',
    actor: 'machine:test',
    detail: {},
  } as const
  await ledger.post({
    accountId,
    key: 'opening',
    at: now.toISOString(),
    decide: (head) => credit(head, { ...movement, currency: 'USD', amountMicros: creditMicros }),
  })
  return {
    accountId,
    name: 'Example Ltd',
    clientType: 'hosted',
    currency: 'USD',
    timeZone: 'UTC',
    lowCreditThresholdMicros: 0n,
    createdAt: now.toISOString(),
  }
}

const openGate: ChargingOptions['terms'] = {
  require: async () => 'terms-of-service@1',
  requireForUsage: async () => 'terms-of-service@1',
}

function chargingOf(options: Partial<ChargingOptions> = {}) {
  return (account: Account, body: object, idempotencyKey = 'key-1', caller: Caller = machine) =>
    createCharging({
      ledger,
      prices,
      terms: openGate,
      settling: holdingOn(database).settling,
      ...options,
    }).charge({
      account,
      caller,
      request: chargeBody.parse(body) as ChargeRequest,
      idempotencyKey,
      now,
    })
}

describe('charging now', () => {
  const charge = chargingOf()

  it('rates a use, deducts it and explains the line', async () => {
    const account = await openAccount(UNIT)
    const entry = await charge(account, { service: 'sms', quantity: 3 })
    expect(presentCharge(entry)).toMatchObject({
      accountId: account.accountId,
      transaction: 2,
      amount: { amount: '0.15', currency: 'USD' },
      availableBefore: { amount: '1.00', currency: 'USD' },
      availableAfter: { amount: '0.85', currency: 'USD' },
      reason: 'sms: 3',
      service: 'sms',
      explanation: { price: { service: 'sms', version: 1 }, quantity: '3', amount: '0.15' },
    })
    expect(entry).toMatchObject({
      kind: 'charge',
      actor: 'machine:switch',
      termsVersion: 'terms-of-service@1',
    })
  })

  it('gives the first reply to a repeat, whatever has changed since, and refuses the key for another request', async () => {
    const account = await openAccount(UNIT)
    const first = await charge(account, { service: 'sms', quantity: 20 })
    const closed = chargingOf({
      terms: {
        ...openGate,
        requireForUsage: async () => {
          throw new Problem('terms_required', 'new terms')
        },
      },
      prices: fixedPrices(),
    })
    expect(presentCharge(await closed(account, { service: 'sms', quantity: 20 }))).toEqual(
      presentCharge(first),
    )
    await expect(closed(account, { service: 'sms', quantity: 20 }, 'key-2')).rejects.toMatchObject({
      code: 'terms_required',
    })
    await expect(charge(account, { service: 'sms', quantity: 1 })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
  })

  it('refuses what credit does not cover with the exact shortfall, and takes the same key when it does', async () => {
    const account = await openAccount(UNIT)
    const refused = charge(account, { service: 'sms', quantity: 21 })
    await expect(refused).rejects.toMatchObject({
      code: 'insufficient_credit',
      extra: {
        shortfall: { amount: '0.05', currency: 'USD' },
        available: { amount: '1.00', currency: 'USD' },
        needed: { amount: '1.05', currency: 'USD' },
      },
    })
    await charge(account, { service: 'sms', quantity: 20 })
    expect((await ledger.readHead(account.accountId))!.availableMicros).toBe(0n)
  })

  it('names the field that keeps a use from being rated', async () => {
    const account = await openAccount(UNIT)
    await expect(charge(account, { service: 'telex', quantity: 1 })).rejects.toMatchObject({
      code: 'not_rated',
      errors: [{ field: 'service', detail: 'no_price' }],
    })
    await expect(charge(account, { service: 'sms', seconds: 1 })).rejects.toMatchObject({
      errors: [{ field: 'quantity' }],
    })
  })

  it('counts tiers on from charge to charge', async () => {
    const account = await openAccount(100n * UNIT)
    await charge(account, { service: 'fax', quantity: 8 }, 'a')
    expect((await charge(account, { service: 'fax', quantity: 4 }, 'b')).amountMicros).toBe(-3n * UNIT)
  })

  it('takes an amount from staff alone, in the account’s currency', async () => {
    const account = await openAccount(100n * UNIT)
    const body = { amount: '12.5', currency: 'USD', description: 'Number porting' }
    await expect(charge(account, body)).rejects.toMatchObject({ code: 'role_not_allowed' })
    expect(presentCharge(await charge(account, body, 'one', staff))).toMatchObject({
      amount: { amount: '12.50' },
      reason: 'Number porting',
    })
    await expect(charge(account, { ...body, currency: 'EUR' }, 'two', staff)).rejects.toMatchObject({
      code: 'wrong_currency',
    })
  })

  it('refuses a time further ahead than clocks differ', async () => {
    const account = await openAccount(UNIT)
    const time = '2026-11-25T00:00:00Z'
    await expect(charge(account, { service: 'sms', quantity: 1, time })).rejects.toMatchObject({
      errors: [{ field: 'time' }],
    })
  })

  it('accepts exactly as many concurrent charges as credit covers', async () => {
    const account = await openAccount(UNIT)
    const settled = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        charge(account, { service: 'sms', quantity: 2 }, `key-${index}`),
      ),
    )
    const charged = settled.filter(({ status }) => status === 'fulfilled')
    const head = (await ledger.readHead(account.accountId))!
    const entries = await ledger.listEntries(account.accountId, { limit: 100, ascending: true })
    expect(proveAccount(head, entries)).toEqual([])
    expect(entries).toHaveLength(1 + charged.length)
    expect(head.availableMicros).toBe(UNIT - 100_000n * BigInt(charged.length))
    expect(charged.length).toBeLessThanOrEqual(10)
  })

  it('claims nothing when the reply to its last try is lost, and gives the charge to a repeat', async () => {
    const account = await openAccount(UNIT)
    let tries = 0
    const client = interposedClient(database.client, async (command, send) => {
      if (!(command instanceof TransactWriteCommand)) return send()
      tries += 1
      if (tries === 14) await send()
      throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
    })
    const slow = createLedger({ ...database, client, sleep: () => Promise.resolve() })
    const lost = chargingOf({ ledger: slow })(account, { service: 'sms', quantity: 1 })
    await expect(lost).rejects.toMatchObject({
      code: 'busy',
      detail: expect.not.stringMatching(/nothing was/i),
    })
    expect(tries).toBe(14)
    expect(await charge(account, { service: 'sms', quantity: 1 })).toMatchObject({ sequence: 2n })
    expect((await ledger.readHead(account.accountId))!.availableMicros).toBe(950_000n)
  })

  it('keeps an ordinary charge within the kilobyte that a write unit pays for', async () => {
    const account = await openAccount(100n * UNIT)
    const sizes: number[] = []
    const client = new Proxy(database.client, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return (command: TransactWriteCommand) => {
          for (const { Put } of command.input.TransactItems ?? []) if (Put) sizes.push(sizeOf(Put.Item!))
          return target.send(command)
        }
      },
    })
    const measured = chargingOf({ ledger: createLedger({ ...database, client }) })
    const uuid = '0191f7e2-5b1c-7c3a-9d8e-1234567890ab'
    await measured(account, { service: 'sms', quantity: 1 }, uuid)
    await measured(
      account,
      { service: 'call', seconds: 77, attributes: { destination: '+4930123456789' } },
      `${uuid}-2`,
    )
    expect(sizes).toHaveLength(4)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024)
  })
})

/** As DynamoDB counts: names and texts by their UTF-8 bytes, numbers about half a byte per digit, 3 bytes per list or map. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'bigint') return Math.ceil(String(value).length / 2) + 1
  if (Array.isArray(value)) return value.reduce((sum, each) => sum + 1 + sizeOf(each), 3)
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : 1
  return Object.entries(value).reduce(
    (sum, [name, each]) => (each === undefined ? sum : sum + Buffer.byteLength(name) + 1 + sizeOf(each)),
    3,
  )
}

describe('what a charge may say', () => {
  const fieldsOf = (body: object) => {
    const result = chargeBody.safeParse(body)
    return result.success
      ? []
      : result.error.issues.flatMap(({ path, code, ...rest }) =>
          'keys' in rest ? rest.keys : path.join('.'),
        )
  }
  it.each([
    ['service', {}],
    ['service', { service: 'sms', quantity: 1, amount: '1', currency: 'USD', description: 'x' }],
    ['quantity', { service: 'sms' }],
    ['quantity', { service: 'sms', quantity: -1 }],
    ['quantity', { service: 'sms', quantity: 1.5 }],
    ['quantity', { service: 'sms', quantity: 2 ** 53 + 2 }],
    ['amount', { amount: '-1', currency: 'USD', description: 'x' }],
    ['amount', { amount: '0', currency: 'USD', description: 'x' }],
    ['amount', { amount: '1.1234567', currency: 'USD', description: 'x' }],
    ['amount', { amount: 1, currency: 'USD', description: 'x' }],
    ['currency', { amount: '1', description: 'x' }],
    ['currency', { amount: '1', currency: 'usd', description: 'x' }],
    ['description', { amount: '1', currency: 'USD' }],
    ['seconds', { amount: '1', currency: 'USD', description: 'x', seconds: 1 }],
    ['surprise', { service: 'sms', quantity: 1, surprise: 1 }],
    ['attributes.a', { service: 'sms', quantity: 1, attributes: { a: {} } }],
  ])('names %s in %j', (field, body) => {
    expect(fieldsOf(body)).toContain(field)
  })

  it('says of an attribute’s name what is wrong with it', () => {
    const { error } = chargeBody.safeParse({ service: 'sms', quantity: 1, attributes: { 'a b': 'x' } })
    const named = { field: 'attributes.a b', detail: 'must be the name of an attribute' }
    expect(fieldErrors(error!)).toEqual([named])
  })
})

describe('a charge that lacks credit', () => {
  it('takes what lost sessions held, and settles none while there is credit enough', async () => {
    const account = await openAccount(10n * UNIT)
    const holding = holdingOn(database)
    const minuteAgo = new Date(now.getTime() - 60_000)
    const authorise = (session: string, amount: string, leaseSeconds: number) =>
      holding.authorise(account, { session, amount, currency: 'USD', leaseSeconds }, session, minuteAgo)
    const lost = await authorise('lost', '6.00', 30)
    const live = await authorise('live', '1.00', 90)
    await holding.extend(account, lost.holdId, { reported: { amount: '2.00' } }, 'sign', minuteAgo)
    const charge = chargingOf({ settling: holding.settling })
    const fee = (amount: string) => ({ amount, currency: 'USD', description: 'fee' })
    await charge(account, fee('3.00'), 'covered', staff)
    expect((await holding.holds.read(account.accountId, lost.holdId))?.status).toBe('held')
    await charge(account, fee('4.00'), 'lacking', staff)
    const refused = charge(account, fee('0.01'), 'none', staff)
    await expect(refused).rejects.toMatchObject({ code: 'insufficient_credit' })
    expect((await holding.holds.read(account.accountId, lost.holdId))?.ended?.capturedMicros).toBe(2n * UNIT)
    expect((await holding.holds.read(account.accountId, live.holdId))?.status).toBe('held')
    const state = await holding.stateOf(account)
    expect([state.availableMicros, state.heldMicros, state.faults]).toEqual([0n, UNIT, []])
  })
})
