import { BatchGetCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credit, debit } from '../../functions/ledger/decide-movement.ts'
import { giveBack, takeBack } from '../../functions/ledger/decide-payment.ts'
import { createLedger, type Ledger, type TransactItem } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { interposedClient } from './interposed-client.ts'

const UNIT = 1_000_000n
let database: TestDatabase
let ledger: Ledger
let accounts = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())

const movement = (amountMicros: bigint) => ({
  amountMicros,
  currency: 'USD',
  reason: 'test',
  actor: 'machine:test',
  detail: {},
})
const posting = (accountId: string, key: string) => ({
  accountId,
  key,
  requestHash: key,
  at: '2026-11-23T12:00:00.000Z',
})

const give = (accountId: string, amountMicros: bigint, key: string, through = ledger) =>
  through.post({
    ...posting(accountId, key),
    decide: (head) => credit(head, { ...movement(amountMicros), kind: 'top_up', contra: 'cash:stripe' }),
  })

const take = (accountId: string, amountMicros: bigint, key: string, through = ledger) =>
  through.post({
    ...posting(accountId, key),
    decide: (head) => debit(head, { ...movement(amountMicros), kind: 'charge', contra: 'revenue:charge' }),
  })

async function openAccount(): Promise<string> {
  accounts += 1
  const accountId = `acc_races${String(accounts).padStart(6, '0')}`
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  await give(accountId, UNIT, 'opening')
  return accountId
}

async function stateOf(accountId: string) {
  const { head, lots } = (await ledger.readLots(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 1000, ascending: true })
  return { head, entries, faults: proveAccount(head, entries, lots) }
}

const setStatus = (accountId: string, status: string) =>
  database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status },
    }),
  )

/** A ledger before whose first write something else happens. */
function ledgerOvertakenBy(meanwhile: () => Promise<unknown>): Ledger {
  let isOvertaken = false
  const client = interposedClient(database.client, async (command, send) => {
    if (command instanceof TransactWriteCommand && !isOvertaken) {
      isOvertaken = true
      await meanwhile()
    }
    return send()
  })
  return createLedger({ ...database, client })
}

describe('an account whose status changes between reading and writing', () => {
  it('gives nothing away once it is parked', async () => {
    const accountId = await openAccount()
    const overtaken = ledgerOvertakenBy(() => setStatus(accountId, 'parked'))
    expect(await take(accountId, UNIT, 'take', overtaken)).toEqual({ ok: false, reason: 'account_parked' })
    expect(await stateOf(accountId)).toMatchObject({ head: { availableMicros: UNIT }, faults: [] })
  })

  it('takes no credit once it is closed', async () => {
    const accountId = await openAccount()
    const overtaken = ledgerOvertakenBy(() => setStatus(accountId, 'closed'))
    expect(await give(accountId, UNIT, 'late', overtaken)).toEqual({ ok: false, reason: 'account_closed' })
    expect(await stateOf(accountId)).toMatchObject({ head: { availableMicros: UNIT }, faults: [] })
  })
})

describe('lots that wait behind HEAD', () => {
  it('are looked for in HEAD when somebody else has brought them in and used them meanwhile', async () => {
    const accountId = await openAccount()
    for (let count = 0; count < 10; count++) await give(accountId, UNIT, `more-${count}`)
    let isOvertaken = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof QueryCommand && !isOvertaken) {
        isOvertaken = true
        expect(await take(accountId, 9n * UNIT, 'faster')).toMatchObject({ ok: true })
      }
      return send()
    })
    const slower = createLedger({ ...database, client })
    expect(await take(accountId, 9n * UNIT, 'slower', slower)).toMatchObject({
      ok: false,
      reason: 'insufficient_credit',
      availableMicros: 2n * UNIT,
    })
    expect(isOvertaken).toBe(true)
    expect((await stateOf(accountId)).faults).toEqual([])
  })
})

describe('reading before a posting', () => {
  it('gives the first reply to a repeat that reads the key before and HEAD after the first was written', async () => {
    const accountId = await openAccount()
    let isTorn = false
    // BatchGetItem is no snapshot: each of its items is read by itself.
    const client = interposedClient(database.client, async (command, send) => {
      if (!(command instanceof BatchGetCommand) || isTorn) return send()
      isTorn = true
      expect(await take(accountId, UNIT, 'once')).toMatchObject({ ok: true })
      const reply = (await send()) as { Responses: Record<string, { sk: string }[]> }
      const items = reply.Responses[database.ledgerTable]!.filter(({ sk }) => !sk.startsWith('KEY#'))
      return { ...reply, Responses: { [database.ledgerTable]: items } }
    })
    const repeat = await take(accountId, UNIT, 'once', createLedger({ ...database, client }))
    expect(repeat).toMatchObject({ ok: true, replayed: true, entry: { sequence: 2n } })
    expect((await stateOf(accountId)).entries).toHaveLength(2)
  })

  it.each(['ProvisionedThroughputExceededException', 'ThrottlingException', 'TimeoutError'])(
    'is tried again after %s',
    async (name) => {
      const accountId = await openAccount()
      let failures = 0
      const client = interposedClient(database.client, (command, send) => {
        if (!(command instanceof BatchGetCommand) || failures >= 3) return send()
        failures += 1
        throw Object.assign(new Error('slow down'), { name })
      })
      const through = createLedger({ ...database, client, sleep: () => Promise.resolve() })
      expect(await take(accountId, UNIT, 'take', through)).toMatchObject({ ok: true })
      expect(failures).toBe(3)
    },
  )
})

describe('the guards of a posting', () => {
  it('refuse a second write each by itself: HEAD, the entry, the key and every marker', async () => {
    const accountId = await openAccount()
    let items: TransactItem[] = []
    const client = interposedClient(database.client, (command, send) => {
      if (command instanceof TransactWriteCommand) items = command.input.TransactItems ?? []
      return send()
    })
    const marker = { id: 'm', item: { pk: `EVENT#${accountId}`, sk: 'EVENT' } }
    const posted = await createLedger({ ...database, client }).post({
      ...posting(accountId, 'guarded'),
      decide: (head) => {
        const decision = debit(head, { ...movement(1n), kind: 'charge', contra: 'revenue:charge' })
        return decision.ok ? { ...decision, markers: [marker] } : decision
      },
    })
    expect(posted).toMatchObject({ ok: true })
    expect(items).toHaveLength(4)
    for (const item of items) {
      const again = database.client.send(new TransactWriteCommand({ TransactItems: [item] }))
      await expect(again).rejects.toMatchObject({ CancellationReasons: [{ Code: 'ConditionalCheckFailed' }] })
    }
    expect((await stateOf(accountId)).faults).toEqual([])
  })
})

describe('a ledger that remembers an account as it was long ago', () => {
  it('decides again on the account as it is, where what it came to was no transaction at all', async () => {
    const accountId = await openAccount()
    // More lots than HEAD has room for: those that are added go to items of their own.
    for (let lot = 2; lot <= 10; lot++) await give(accountId, UNIT, `lot ${lot}`)
    const other = createLedger(database)
    await give(accountId, UNIT, 'payment', other)
    const payment = (await other.readEntry(accountId, 11n))!
    const said = { ...movement(15n * UNIT), contra: 'cash:stripe' } as const
    await other.post({
      ...posting(accountId, 'taken'),
      decide: (head) => takeBack(head, payment, { ...said, kind: 'dispute' }),
    })
    await give(accountId, 2n * UNIT, 'later', other)
    const taking = (await other.readEntry(accountId, 12n))!
    // Of the account as it is remembered the next lot is number 11, which is one that the taking was drawn from.
    const returned = await ledger.post({
      ...posting(accountId, 'returned'),
      decide: (head) => giveBack(head, taking, { ...said, kind: 'dispute_won' }),
    })
    expect(returned).toMatchObject({ ok: true, entry: { sequence: 14n } })
    const { head, faults } = await stateOf(accountId)
    expect(faults).toEqual([])
    expect([head.availableMicros, head.receivableMicros]).toEqual([13n * UNIT, 0n])
  })
})
