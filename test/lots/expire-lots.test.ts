import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { decideCredit, type LastDayRefused } from '../../functions/credits/give-credit.ts'
import { createUndoing } from '../../functions/credits/undo-entry.store.ts'
import type { BusEvent } from '../../functions/events/event.ts'
import { eventsOfEntry } from '../../functions/events/events-of-entry.ts'
import { readCreditAt } from '../../functions/ledger/credit-at.ts'
import {
  debit,
  type MovementRefusal,
  type RefundRefusal,
  refund,
} from '../../functions/ledger/decide-movement.ts'
import type { Entry } from '../../functions/ledger/entry.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { createLotExpiry } from '../../functions/lots/expire-lots.store.ts'
import { createLotWatch } from '../../functions/lots/watch-lots.store.ts'
import { createDueStore } from '../../functions/plans/due.store.ts'
import { DUE_SHARDS } from '../../functions/plans/plan-keys.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { recordingBus } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let ledger: Ledger
let opened = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())

const timeZone = 'Asia/Kolkata'
const given = '2026-11-10T12:00:00.000Z'
/** The midnight that ends 31 December in Kolkata. */
const midnight = '2026-12-31T18:30:00.000Z'
const justBefore = (instant: string) => new Date(Date.parse(instant) - 1).toISOString()
const hourAfter = (instant: string) => new Date(Date.parse(instant) + 3_600_000).toISOString()

async function open(): Promise<Account> {
  opened += 1
  const account: Account = {
    accountId: `acc_expiry${String(opened).padStart(5, '0')}`,
    name: 'Client',
    clientType: 'hosted',
    currency: 'USD',
    timeZone,
    lowCreditThresholdMicros: 0n,
    createdAt: given,
  }
  const ledgerOpening = ledger.openingOf(account.accountId, 'USD')
  const ownerEmail = `owner${opened}@client.example.com`
  const done = await openAccount(database, { account, ownerEmail, requestHash: 'h', ledgerOpening })
  if (!done.ok) throw new Error(done.reason)
  return account
}

/** What the stream brings about for an entry. */
async function follow(entry: Entry): Promise<BusEvent[]> {
  const events = eventsOfEntry(entry)
  const watch = createLotWatch(database)
  for (const event of events) if (event.detailType === 'lots.raised') await watch(event.detail)
  return events
}

async function give(
  { accountId }: Account,
  amountMicros: bigint,
  lastDay?: string,
  at = given,
): Promise<Entry> {
  const credit = {
    kind: 'promotional' as const,
    amountMicros,
    currency: 'USD',
    reason: 'r',
    actor: 'a',
    lastDay,
  }
  const posted = await ledger.post<MovementRefusal | LastDayRefused>({
    accountId,
    at,
    decide: (head) => decideCredit(head, credit, { timeZone, at }),
  })
  if (!posted.ok) throw new Error(posted.reason)
  await follow(posted.entry)
  return posted.entry
}

const take = ({ accountId }: Account, amountMicros: bigint, at = given, by = ledger) => {
  const lowering = {
    kind: 'charge' as const,
    amountMicros,
    currency: 'USD',
    reason: 'r',
    actor: 'a',
    detail: {},
  }
  return by.post({ accountId, at, decide: (head) => debit(head, { ...lowering, contra: 'revenue:charge' }) })
}

const giveBack = async ({ accountId }: Account, sequence: bigint, amountMicros: bigint, at: string) => {
  const posted = await createUndoing(database)<RefundRefusal>({
    accountId,
    sequence,
    at,
    decide: (head, entry, undone) =>
      refund(head, entry, { amountMicros, currency: 'USD' }, { reason: 'r', actor: 'a' }, undone),
  })
  if (!posted.ok) throw new Error(posted.reason)
  await follow(posted.entry)
  return posted.entry
}

const expiryWith = (bus = recordingBus(), client = database.client) =>
  createLotExpiry({ ...database, client, put: bus.put })

/** The hourly search and its queue's consumer, for all accounts. */
async function fire(at: string, bus = recordingBus()) {
  const due = createDueStore(database)
  const found = new Set<string>()
  for (let shard = 0; shard < DUE_SHARDS; shard++)
    for await (const page of due.listDue(shard, at)) for (const { accountId } of page) found.add(accountId)
  for (const accountId of found) await expiryWith(bus).workOff(accountId, new Date(at))
  return { found: [...found], bus }
}

async function prove({ accountId }: Account) {
  const { head, lots } = (await ledger.readLots(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 10_000, ascending: true })
  return { head, lots, entries, faults: proveAccount(head, entries, lots) }
}

const kindsOf = async (account: Account) => (await prove(account)).entries.map(({ kind }) => kind)

describe('notices of credit that expires', () => {
  it('come 30, 7 and 1 days before the last day, once each, with what is left then', async () => {
    const account = await open()
    await give(account, 50_000_000n, '2026-12-31')
    const told: unknown[] = []
    for (let day = Date.parse('2026-11-10T00:00:00.000Z'); day < Date.parse(midnight); day += 86_400_000) {
      for (const hour of [18, 19, 19, 20]) {
        const at = new Date(day + hour * 3_600_000).toISOString()
        for (const { detailType, detail } of (await fire(at)).bus.events)
          if (detailType === 'credit.expiring')
            told.push([at, detail.daysBefore, detail.lastDay, detail.amount.amount, detail.id])
      }
      if (new Date(day).toISOString().startsWith('2026-12-10')) await take(account, 20_000_000n)
    }
    const id = `${account.accountId}/credit.expiring/${midnight}`
    expect(told).toEqual([
      ['2026-11-30T19:00:00.000Z', 30, '2026-12-31', '50.00', `${id}/30`],
      ['2026-12-23T19:00:00.000Z', 7, '2026-12-31', '30.00', `${id}/7`],
      ['2026-12-29T19:00:00.000Z', 1, '2026-12-31', '30.00', `${id}/1`],
    ])
    const { entries, head, faults } = await prove(account)
    expect(entries.map(({ kind, at }) => [kind, at]).at(-1)).toEqual(['expiry', '2026-12-31T19:00:00.000Z'])
    expect([head.availableMicros, faults]).toEqual([0n, []])
    expect((await fire('2027-06-01T00:00:00.000Z')).found).not.toContain(account.accountId)
  }, 120_000)

  it('are one for all lots of a day, and only those that still lie ahead', async () => {
    const account = await open()
    await give(account, 5_000_000n, '2026-12-31', '2026-12-05T00:00:00.000Z')
    await give(account, 7_000_000n, '2026-12-31', '2026-12-06T00:00:00.000Z')
    const { bus } = await fire('2026-12-24T00:00:00.000Z')
    const own = bus.events.filter(({ detail }) => detail.accountId === account.accountId)
    expect(own).toMatchObject([
      { detailType: 'credit.expiring', detail: { daysBefore: 7, amount: { amount: '12.00' } } },
    ])
  })

  it('do not come when nothing is left, and of several that were missed only the last comes', async () => {
    const [spent, missed] = [await open(), await open()]
    await give(spent, 5_000_000n, '2026-12-31')
    await take(spent, 5_000_000n)
    await give(missed, 5_000_000n, '2026-12-31')
    const { bus } = await fire('2026-12-30T12:00:00.000Z')
    const of = ({ accountId }: Account) => bus.events.filter(({ detail }) => detail.accountId === accountId)
    expect(of(spent)).toEqual([])
    expect(of(missed)).toMatchObject([{ detail: { daysBefore: 1 } }])
  })

  it('come under one id when the process dies between telling and writing it down', async () => {
    const account = await open()
    await give(account, 5_000_000n, '2026-12-31')
    const bus = recordingBus()
    const at = new Date('2026-12-01T00:00:00.000Z')
    const dying = expiryWith(bus, dyingClient(database.client, { atWrite: 1, when: 'before' }))
    await expect(dying.workOff(account.accountId, at)).rejects.toThrow(Died)
    await expiryWith(bus).workOff(account.accountId, at)
    await expiryWith(bus).workOff(account.accountId, at)
    expect(bus.events).toHaveLength(2)
    expect(new Set(bus.events.map(({ detail }) => detail.id)).size).toBe(1)
  })
})

describe('credit whose last day is over', () => {
  it('is taken once, however often, late or at once the schedule fires', async () => {
    const account = await open()
    await give(account, 5_000_000n, '2026-12-31')
    await give(account, 3_000_000n)
    await expiryWith().workOff(account.accountId, new Date(justBefore(midnight)))
    expect(await kindsOf(account)).toEqual(['credit', 'credit'])
    const late = new Date('2027-01-09T00:00:00.000Z')
    await Promise.all(Array.from({ length: 4 }, () => expiryWith().workOff(account.accountId, late)))
    await expiryWith().workOff(account.accountId, late)
    const { entries, head, faults } = await prove(account)
    expect(entries.map(({ kind }) => kind)).toEqual(['credit', 'credit', 'expiry'])
    expect([head.availableMicros, faults]).toEqual([3_000_000n, []])
  })

  it('is taken although the process died at any of its writes', async () => {
    for (const atWrite of [1, 2]) {
      for (const when of ['before', 'after'] as const) {
        const account = await open()
        await give(account, 5_000_000n, '2026-12-31')
        await give(account, 4_000_000n, '2026-12-31')
        const at = new Date(midnight)
        const dying = expiryWith(recordingBus(), dyingClient(database.client, { atWrite, when }))
        await expect(dying.workOff(account.accountId, at)).rejects.toThrow(Died)
        const { found } = await fire(midnight)
        expect(found.includes(account.accountId)).toBe(atWrite < 2 || when === 'before')
        expect(await kindsOf(account)).toEqual(['credit', 'credit', 'expiry'])
        expect((await prove(account)).faults).toEqual([])
      }
    }
  })

  it('does not count between the midnight and its entry', async () => {
    const account = await open()
    await give(account, 5_000_000n, '2026-12-31')
    await give(account, 2_000_000n, '2027-01-05')
    await give(account, 3_000_000n)
    expect(await readCreditAt(ledger, account.accountId, justBefore(midnight))).toMatchObject({
      usableMicros: 10_000_000n,
      nextExpiry: { expiresAt: midnight, amountMicros: 5_000_000n },
    })
    expect(await readCreditAt(ledger, account.accountId, midnight)).toMatchObject({
      usableMicros: 5_000_000n,
      nextExpiry: { expiresAt: '2027-01-05T18:30:00.000Z', amountMicros: 2_000_000n },
    })
    const last = await readCreditAt(ledger, account.accountId, '2027-02-01T00:00:00.000Z')
    expect([last?.usableMicros, last?.nextExpiry]).toEqual([3_000_000n, undefined])
  })

  it('is never spent, whichever comes first at midnight: the debit or the expiry', async () => {
    const race = fc.record({
      promotional: fc.bigInt({ min: 1n, max: 9n }),
      bought: fc.bigInt({ min: 0n, max: 9n }),
      debits: fc.array(fc.record({ amount: fc.bigInt({ min: 1n, max: 9n }), isLate: fc.boolean() }), {
        minLength: 1,
        maxLength: 4,
      }),
    })
    await fc.assert(
      fc.asyncProperty(race, async ({ promotional, bought, debits }) => {
        const account = await open()
        await give(account, promotional, '2026-12-31')
        if (bought > 0n) await give(account, bought)
        await Promise.all([
          expiryWith().workOff(account.accountId, new Date(midnight)),
          ...debits.map(({ amount, isLate }) =>
            take(account, amount, isLate ? midnight : justBefore(midnight), createLedger(database)),
          ),
        ])
        const { entries, head, lots, faults } = await prove(account)
        expect(faults).toEqual([])
        const late = entries.filter(({ kind, at }) => kind === 'charge' && at >= midnight)
        expect(late.flatMap((entry) => entry.lots).filter(({ expiresAt }) => expiresAt)).toEqual([])
        expect(lots.filter(({ expiresAt }) => expiresAt)).toEqual([])
        expect(head.availableMicros <= bought).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('expires again within the hour when a refund gives it back, without another posting', async () => {
    const account = await open()
    await give(account, 5_000_000n, '2026-12-31')
    const charged = await take(account, 5_000_000n)
    await fire(midnight)
    expect(await kindsOf(account)).toEqual(['credit', 'charge'])
    await giveBack(account, charged.ok ? charged.entry.sequence : 0n, 2_000_000n, hourAfter(midnight))
    const refunded = await readCreditAt(ledger, account.accountId, hourAfter(midnight))
    expect([refunded?.head.availableMicros, refunded?.usableMicros]).toEqual([2_000_000n, 0n])
    await fire(hourAfter(hourAfter(midnight)))
    const { entries, head, faults } = await prove(account)
    expect(entries.map(({ kind }) => kind)).toEqual(['credit', 'charge', 'refund', 'expiry'])
    expect([head.availableMicros, faults]).toEqual([0n, []])
    expect((await fire('2027-02-01T00:00:00.000Z')).found).not.toContain(account.accountId)
  })

  it('stays on the calendar when more of it is given back while its watch ends', async () => {
    const account = await open()
    await give(account, 5_000_000n, '2026-12-31')
    const charged = await take(account, 5_000_000n)
    const sequence = charged.ok ? charged.entry.sequence : 0n
    // The consumer has looked and found nothing left; before it ends the watch, a refund comes.
    let isFirst = true
    const interrupted = new Proxy(database.client, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return async (command: Parameters<typeof target.send>[0]) => {
          const isWrite = command.constructor.name === 'TransactWriteCommand'
          if (isWrite && isFirst) {
            isFirst = false
            await giveBack(account, sequence, 2_000_000n, midnight)
          }
          return target.send(command)
        }
      },
    })
    await expiryWith(recordingBus(), interrupted).workOff(account.accountId, new Date(midnight))
    expect(await kindsOf(account)).toEqual(['credit', 'charge', 'refund', 'expiry'])
  })

  it('waits while its account is parked, and is watched no more when it is closed', async () => {
    const [parked, closed] = [await open(), await open()]
    for (const account of [parked, closed]) await give(account, 5_000_000n, '2026-12-31')
    await setStatus(parked, 'parked')
    await setStatus(closed, 'closed')
    await fire(midnight)
    expect([await kindsOf(parked), await kindsOf(closed)]).toEqual([['credit'], ['credit']])
    await setStatus(parked, 'open')
    const { found } = await fire(hourAfter(midnight))
    expect([found.includes(parked.accountId), found.includes(closed.accountId)]).toEqual([true, false])
    expect(await kindsOf(parked)).toEqual(['credit', 'expiry'])
  })
})

async function setStatus({ accountId }: Account, status: string) {
  await database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status, revision = revision + :one',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status, ':one': 1n },
    }),
  )
}

describe('a thousand lots', () => {
  it('expire all, are told of together, and are drawn and refunded whole', async () => {
    const account = await open()
    for (let count = 0; count < 500; count++) await give(account, 1_000_000n, '2026-12-31')
    for (let count = 0; count < 500; count++) await give(account, 1_000_000n, '2027-01-31')
    // Sooner than all of them, so that what a refund gives back belongs behind HEAD.
    const { entries } = await prove(account)
    expect(entries).toHaveLength(1000)
    const charged = await take(account, 300_000_000n)
    for (let count = 0; count < 10; count++) await give(account, 1_000_000n, '2026-12-15')
    if (!charged.ok) throw new Error(charged.reason)
    await giveBack(account, charged.entry.sequence, 300_000_000n, given)
    expect((await prove(account)).faults).toEqual([])
    const { bus } = await fire('2026-12-24T00:00:00.000Z')
    const own = bus.events.filter(({ detail }) => detail.accountId === account.accountId)
    expect(own).toMatchObject([{ detailType: 'credit.expiring', detail: { amount: { amount: '500.00' } } }])
    expect((await readCreditAt(ledger, account.accountId, midnight))?.usableMicros).toBe(500_000_000n)
    await fire(midnight)
    const left = await prove(account)
    expect([left.faults, left.lots.length, left.head.availableMicros]).toEqual([[], 500, 500_000_000n])
    const expiries = left.entries.filter(({ kind }) => kind === 'expiry')
    expect(expiries.flatMap(({ lots }) => lots)).toHaveLength(510)
    expect(expiries.length).toBeLessThanOrEqual(15)
  }, 120_000)
})
