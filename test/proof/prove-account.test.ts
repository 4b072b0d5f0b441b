import { DeleteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashEntry } from '../../functions/ledger/entry.ts'
import { packLot } from '../../functions/ledger/lot.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createProofStore } from '../../functions/proof/proof.store.ts'
import { wholeProofDay } from '../../functions/proof/proof-document.ts'
import { createProving, type ProofRequest } from '../../functions/proof/prove-account.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { at, type Books, createBooks, UNIT } from './books.ts'

let database: TestDatabase
let books: Books
let proving: ReturnType<typeof createProving>

beforeAll(async () => {
  database = await startTestDatabase()
  books = createBooks(database)
  proving = createProving({ ...database, pageEntries: 7 })
})
afterAll(() => database.stop())

/** A night early in a month, before the day on which the account is proven as a whole. */
const early = '2026-12-01T02:30:00.000Z'
const prove = (accountId: string, more: Partial<ProofRequest> = {}) =>
  proving.prove({ accountId, now: at, actor: 'machine:nightly-proof', mostEntries: 1000, ...more })

async function statusRecords(accountId: string) {
  const { Items } = await database.client.send(
    new QueryCommand({
      TableName: database.ledgerTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': `ACCOUNT#${accountId}`, ':prefix': 'STATUS#' },
    }),
  )
  return Items ?? []
}

/** An account whose day for a whole proof is not the first of the month. */
async function openWithLaterDay(charges: number): Promise<string> {
  for (;;) {
    const accountId = await books.open({ charges })
    if (wholeProofDay(accountId) > 1) return accountId
  }
}

describe('proving an account', () => {
  it('agrees with what the ledger wrote, goes on from there, and changes nothing of it', async () => {
    const accountId = await books.open({ charges: 20 })
    expect(await prove(accountId)).toMatchObject({ result: 'proven', sequence: 21n, faults: [] })
    await books.take(accountId, UNIT)
    expect(await prove(accountId)).toMatchObject({ result: 'proven', sequence: 22n, faults: [] })
    const document = await createProofStore(database).read(accountId)
    const head = await books.ledger.readHead(accountId)
    expect(document).toMatchObject({
      provenRevision: head!.revision,
      checkpoint: {
        sequence: 22n,
        contraMicros: { 'cash:stripe': -100n * UNIT, 'revenue:charge': 21n * UNIT },
      },
    })
    expect(head!.status).toBe('open')
  })

  it('goes on in further messages through a long history, also when one of them dies', async () => {
    const accountId = await books.open({ charges: 30 })
    expect(await prove(accountId, { mostEntries: 10 })).toMatchObject({ result: 'incomplete', sequence: 14n })
    // Postings go on between the messages.
    await books.take(accountId, UNIT)
    // A message that dies has written nothing: the next one begins where it did.
    const dying = createProving({ ...database, client: dyingAtPut(), pageEntries: 7 })
    const request = { accountId, now: at, actor: 'machine:nightly-proof', mostEntries: 10 }
    await expect(dying.prove(request)).rejects.toThrow('killed')
    expect(await prove(accountId, { mostEntries: 10 })).toMatchObject({ result: 'incomplete', sequence: 28n })
    expect(await prove(accountId, { mostEntries: 10 })).toMatchObject({ result: 'proven', sequence: 32n })
  })

  it('never parks an account on which postings go on', async () => {
    const accountId = await books.open({ creditMicros: 500n * UNIT })
    let isOver = false
    const postings = (async () => {
      for (let count = 0; count < 150; count += 1) await books.take(accountId, UNIT)
      isOver = true
    })()
    const results = new Set<string>()
    while (!isOver) {
      const outcome = await prove(accountId).catch((error: Error) => ({ result: error.message }))
      results.add(outcome!.result)
    }
    await postings
    expect([...results].filter((result) => result !== 'proven' && !/kept moving/.test(result))).toEqual([])
    expect(await prove(accountId)).toMatchObject({ result: 'proven', sequence: 151n })
    expect(await statusRecords(accountId)).toEqual([])
  })

  it('lets two proofs of an account at once come to one result', async () => {
    const accountId = await books.open({ charges: 5 })
    const both = await Promise.all([prove(accountId), prove(accountId)])
    expect(both.map((outcome) => outcome!.result)).toEqual(['proven', 'proven'])
    expect(both.filter((outcome) => outcome!.isKept)).toHaveLength(1)
  })
})

describe('an account that does not agree', () => {
  const entryKey = (sequence: number) => `ENTRY#${String(sequence).padStart(12, '0')}`

  it.each<[string, (accountId: string) => Promise<void>, RegExp]>([
    [
      'an entry says something else',
      (id) => books.tamper(id, entryKey(2), { reason: 'other' }),
      /^entry 2: was changed/,
    ],
    [
      'HEAD has more',
      (id) => books.tamper(id, 'HEAD', { availableMicros: 99n * UNIT }),
      /^HEAD has 99000000 available/,
    ],
    ['HEAD was set back whole', setBack, /^entry 3 is there, and HEAD does not count it/],
    [
      'a lot in HEAD has more',
      (id) =>
        books.tamper(id, 'HEAD', {
          lots: [packLot({ lot: 1n, source: 'top_up', remainingMicros: 98n * UNIT })],
        }),
      /^lot 1 has 98000000/,
    ],
    ['a lot lies behind that nobody bought', addLot, /^lot 9 waits, and HEAD does not count it/],
    ['the last entry is gone', (id) => remove(id, entryKey(4)), /^HEAD counts 4 entries, the history 3/],
    ['an entry in the middle is gone', (id) => remove(id, entryKey(3)), /^entry 4: expected number 3/],
  ])('is parked with what was found: %s', async (_what, tamper, fault) => {
    const accountId = await books.open({ charges: 3 })
    await tamper(accountId)
    const outcome = await prove(accountId)
    expect(outcome).toMatchObject({ result: 'mismatch', isNews: true })
    expect(outcome!.faults[0]).toMatch(fault)
    expect((await books.ledger.readHead(accountId))!.status).toBe('parked')
    expect(await statusRecords(accountId)).toEqual([
      expect.objectContaining({ status: 'parked', statusBefore: 'open', actor: 'machine:nightly-proof', at }),
    ])
    expect(await books.take(accountId, UNIT)).toEqual({ ok: false, reason: 'account_parked' })
  })

  it('still takes credit, and is told of once', async () => {
    const accountId = await books.open({ charges: 3 })
    await books.tamper(accountId, entryKey(2), { reason: 'other' })
    await prove(accountId)
    expect(await books.give(accountId, UNIT)).toMatchObject({ ok: true })
    expect(await prove(accountId)).toMatchObject({ result: 'mismatch', isNews: false })
    expect(await statusRecords(accountId)).toHaveLength(1)
  })

  it('is parked again after it was opened without being mended, and proves once it is', async () => {
    const accountId = await books.open({ charges: 3 })
    await books.tamper(accountId, entryKey(2), { reason: 'other' })
    await prove(accountId)
    const reopen = { accountId, status: 'open', at, actor: 'person:staff', reason: 'looked at' } as const
    await createStatusStore(database).change(reopen)
    expect(await prove(accountId)).toMatchObject({ result: 'mismatch', isNews: true })
    await books.tamper(accountId, entryKey(2), { reason: 'test' })
    await createStatusStore(database).change(reopen)
    expect(await prove(accountId)).toMatchObject({ result: 'proven', faults: [] })
    expect((await books.ledger.readHead(accountId))!.status).toBe('open')
  })

  it('is found by the whole proof of the month where an old line was changed', async () => {
    const accountId = await openWithLaterDay(3)
    await prove(accountId)
    await books.tamper(accountId, entryKey(2), { reason: 'other' })
    expect(await prove(accountId, { now: early })).toMatchObject({ result: 'proven' })
    const itsDay = `2026-12-${String(wholeProofDay(accountId)).padStart(2, '0')}T02:30:00.000Z`
    expect(await prove(accountId, { now: itsDay })).toMatchObject({ result: 'mismatch' })
  })

  it('is found where a whole history was rewritten with hashes that fit, by what was proven before', async () => {
    const accountId = await books.open({ charges: 3 })
    await prove(accountId)
    const entries = await books.ledger.listEntries(accountId, { limit: 10, ascending: true })
    let previousHash = entries[0]!.previousHash
    for (const { hash: _, ...said } of entries) {
      const rewritten = { ...said, reason: 'rewritten', previousHash }
      previousHash = hashEntry(rewritten)
      await books.tamper(accountId, entryKey(Number(said.sequence)), { ...rewritten, hash: previousHash })
    }
    await books.tamper(accountId, 'HEAD', { tip: previousHash })
    expect((await prove(accountId, { whole: true }))!.faults).toEqual([
      'entry 4: has another hash than when it was proven before',
    ])
  })

  async function setBack(accountId: string): Promise<void> {
    const { hash, availableAfterMicros } = (await books.ledger.readEntry(accountId, 2n))!
    const lots = [packLot({ lot: 1n, source: 'top_up', remainingMicros: availableAfterMicros })]
    await books.tamper(accountId, 'HEAD', {
      sequence: 2n,
      tip: hash,
      availableMicros: availableAfterMicros,
      lots,
    })
  }

  async function addLot(accountId: string): Promise<void> {
    const Item = {
      pk: `ACCOUNT#${accountId}`,
      sk: 'LOT#~#1#000000000009',
      lot: 9n,
      source: 'top_up',
      remainingMicros: 1n,
    }
    await database.client.send(new PutCommand({ TableName: database.waitingTable, Item }))
  }

  async function remove(accountId: string, sk: string): Promise<void> {
    const Key = { pk: `ACCOUNT#${accountId}`, sk }
    await database.client.send(new DeleteCommand({ TableName: database.ledgerTable, Key }))
  }
})

/** The real client, whose process is killed before it can put a document. */
function dyingAtPut(): TestDatabase['client'] {
  return new Proxy(database.client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name)
      return (command: PutCommand) =>
        command instanceof PutCommand ? Promise.reject(new Error('killed')) : target.send(command)
    },
  })
}
