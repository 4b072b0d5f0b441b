import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credit, debit, reverse } from '../../functions/ledger/decide-movement.ts'
import { AVAILABLE, type Entry, type EntryDraft, type Head } from '../../functions/ledger/entry.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
const UNIT = 1_000_000n
let database: TestDatabase
let ledger: Ledger
let accounts = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())

async function openAccount(creditMicros = 0n): Promise<string> {
  accounts += 1
  const accountId = `acc_test${String(accounts).padStart(6, '0')}`
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  if (creditMicros > 0n) await give(accountId, creditMicros, 'opening')
  return accountId
}

const movement = (amountMicros: bigint, contra: 'cash:stripe' | 'revenue:charge') => ({
  amountMicros,
  contra,
  currency: 'USD',
  kind: contra === 'cash:stripe' ? ('top_up' as const) : ('charge' as const),
  reason: 'test',
  actor: 'machine:test',
  detail: { note: 'x' },
})

const give = (accountId: string, amountMicros: bigint, key: string) =>
  ledger.post({
    accountId,
    key,
    requestHash: 'g',
    at,
    decide: (head) => credit(head, movement(amountMicros, 'cash:stripe')),
  })

const take = (accountId: string, amountMicros: bigint, key: string, through = ledger) =>
  through.post({
    accountId,
    key,
    requestHash: `t${amountMicros}`,
    at,
    decide: (head) => debit(head, movement(amountMicros, 'revenue:charge')),
  })

async function prove(accountId: string): Promise<{ head: Head; entries: Entry[]; faults: string[] }> {
  const head = (await ledger.readHead(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 10_000, ascending: true })
  return { head, entries, faults: proveAccount(head, entries) }
}

/** The real client with a fault before or after the nth transaction. */
function faulty(
  fault: (send: () => Promise<unknown>, count: number) => Promise<unknown>,
): DynamoDBDocumentClient {
  let count = 0
  return new Proxy(database.client, {
    get(target, name) {
      if (name !== 'send') return Reflect.get(target, name)
      return (command: TransactWriteCommand) => {
        const send = () => target.send(command) as Promise<unknown>
        if (!(command instanceof TransactWriteCommand)) return send()
        count += 1
        return fault(send, count)
      }
    },
  })
}

describe('a posting', () => {
  it('chains numbered entries that fold to HEAD', async () => {
    const accountId = await openAccount(20n * UNIT)
    await take(accountId, 7n * UNIT, 'a')
    await take(accountId, 1n, 'b')
    const { head, entries, faults } = await prove(accountId)
    expect(faults).toEqual([])
    expect(head).toMatchObject({ availableMicros: 13n * UNIT - 1n, heldMicros: 0n, sequence: 3n })
    expect(entries.map((entry) => entry.amountMicros)).toEqual([20n * UNIT, -7n * UNIT, -1n])
  })

  it('refuses a debit beyond the credit with the exact shortfall and writes nothing', async () => {
    const accountId = await openAccount(5n * UNIT)
    expect(await take(accountId, 5n * UNIT + 1n, 'too-much')).toEqual({
      ok: false,
      reason: 'insufficient_credit',
      shortfallMicros: 1n,
      availableMicros: 5n * UNIT,
    })
    expect((await prove(accountId)).entries).toHaveLength(1)
  })

  it('accepts exactly 20 of 200 debits at once on credit for 20', async () => {
    const accountId = await openAccount(20n * UNIT)
    const takeUntilDecided = async (index: number) => {
      for (;;) {
        const result = await take(accountId, UNIT, `c${index}`)
        if (result.ok || result.reason !== 'busy') return result
      }
    }
    const results = await Promise.all(Array.from({ length: 200 }, (_, index) => takeUntilDecided(index)))
    expect(results.filter((result) => result.ok)).toHaveLength(20)
    const { head, entries, faults } = await prove(accountId)
    expect(faults).toEqual([])
    expect(head.availableMicros).toBe(0n)
    expect(entries).toHaveLength(21)
  })

  it('returns the first entry for the same key and request, and refuses the key for another', async () => {
    const accountId = await openAccount(20n * UNIT)
    const first = await take(accountId, UNIT, 'same')
    const again = await take(accountId, UNIT, 'same')
    expect(again).toEqual({ ...first, replayed: true })
    expect(await take(accountId, 2n * UNIT, 'same')).toEqual({ ok: false, reason: 'idempotency_key_reused' })
    expect((await prove(accountId)).entries).toHaveLength(2)
  })

  it('posts once when the same request arrives many times at once', async () => {
    const accountId = await openAccount(20n * UNIT)
    const results = await Promise.all(Array.from({ length: 20 }, () => take(accountId, UNIT, 'burst')))
    expect(new Set(results.map((result) => result.ok && result.entry.hash)).size).toBe(1)
    expect((await prove(accountId)).head.availableMicros).toBe(19n * UNIT)
  })

  it('answers account_not_found for an account that has no ledger', async () => {
    expect(await take('acc_nobody000', UNIT, 'x')).toEqual({ ok: false, reason: 'account_not_found' })
  })
})

describe('a fault in the middle of a posting', () => {
  const quick = { sleep: () => Promise.resolve() }

  it('is found to have been written when only the reply was lost', async () => {
    const accountId = await openAccount(20n * UNIT)
    const client = faulty(async (send, count) => {
      await send()
      if (count === 1) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    })
    const result = await take(accountId, UNIT, 'lost-reply', createLedger({ ...database, client, ...quick }))
    expect(result).toMatchObject({ ok: true, replayed: true })
    expect((await prove(accountId)).head.availableMicros).toBe(19n * UNIT)
  })

  it('is tried again when nothing was written', async () => {
    const accountId = await openAccount(20n * UNIT)
    const client = faulty((send, count) => {
      if (count > 3) return send()
      if (count === 1) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
      if (count === 2) throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
      const CancellationReasons = [{ Code: 'TransactionConflict' }, { Code: 'None' }, { Code: 'None' }]
      throw new TransactionCanceledException({ message: 'cancelled', CancellationReasons, $metadata: {} })
    })
    const result = await take(accountId, UNIT, 'retry', createLedger({ ...database, client, ...quick }))
    expect(result).toMatchObject({ ok: true, replayed: false })
    expect((await prove(accountId)).entries).toHaveLength(2)
  })

  it('ends in busy, with nothing written, when the conflict does not end', async () => {
    const accountId = await openAccount(20n * UNIT)
    const client = faulty(() => {
      const CancellationReasons = [{ Code: 'TransactionConflict' }]
      throw new TransactionCanceledException({ message: 'cancelled', CancellationReasons, $metadata: {} })
    })
    const result = await take(accountId, UNIT, 'busy', createLedger({ ...database, client, ...quick }))
    expect(result).toEqual({ ok: false, reason: 'busy' })
    expect((await prove(accountId)).entries).toHaveLength(1)
  })

  it('is thrown when it is none of the passing kind', async () => {
    const accountId = await openAccount(20n * UNIT)
    const client = faulty(() => {
      throw Object.assign(new Error('no such table'), { name: 'ResourceNotFoundException' })
    })
    await expect(take(accountId, UNIT, 'gone', createLedger({ ...database, client }))).rejects.toThrow(
      'no such table',
    )
  })
})

describe('markers and documents', () => {
  const draft = (amountMicros: bigint): EntryDraft => ({
    kind: 'usage',
    postings: [
      { account: AVAILABLE, amountMicros: -amountMicros },
      { account: 'revenue:usage', amountMicros },
    ],
    reason: 'events',
    actor: 'machine:test',
    detail: {},
  })
  const marker = (id: string) => ({ id, item: { pk: `EVENT#${id}`, sk: 'EVENT' } })

  it('decides each marker once, whatever batches it comes in', async () => {
    const accountId = await openAccount(20n * UNIT)
    const postEvents = (ids: string[]) =>
      ledger.post({
        accountId,
        at,
        decide: (_head, taken) => {
          const fresh = ids.filter((id) => !taken.has(id))
          if (fresh.length === 0) return { ok: false as const, reason: 'nothing_left' as const }
          return { ok: true as const, draft: draft(UNIT * BigInt(fresh.length)), markers: fresh.map(marker) }
        },
      })
    await Promise.all([postEvents(['m1', 'm2']), postEvents(['m2', 'm3']), postEvents(['m3', 'm1'])])
    expect(await postEvents(['m1', 'm2', 'm3'])).toEqual({ ok: false, reason: 'nothing_left' })
    const { head, faults } = await prove(accountId)
    expect(faults).toEqual([])
    expect(head.availableMicros).toBe(17n * UNIT)
  })

  it('writes nothing when a document is not as it was read', async () => {
    const accountId = await openAccount(20n * UNIT)
    const Key = { pk: `ACCOUNT#${accountId}`, sk: 'TOP_UP#1' }
    await database.client.send(
      new PutCommand({ TableName: database.documentsTable, Item: { ...Key, status: 'settled' } }),
    )
    const result = await ledger.post({
      accountId,
      key: 'with-document',
      at,
      decide: () => ({
        ok: true as const,
        draft: draft(UNIT),
        documents: [
          {
            Update: {
              TableName: database.documentsTable,
              Key,
              UpdateExpression: 'SET #status = :settled',
              ConditionExpression: '#status = :created',
              ExpressionAttributeNames: { '#status': 'status' },
              ExpressionAttributeValues: { ':settled': 'settled', ':created': 'created' },
            },
          },
        ],
      }),
    })
    expect(result).toEqual({ ok: false, reason: 'document_changed' })
    expect((await prove(accountId)).head.availableMicros).toBe(20n * UNIT)
  })
})

describe('a reversal', () => {
  it('gives back what a charge took and names it', async () => {
    const accountId = await openAccount(20n * UNIT)
    const charged = await take(accountId, 7n * UNIT, 'charge')
    if (!charged.ok) throw new Error('not charged')
    const undone = await ledger.post({
      accountId,
      key: 'reverse:2',
      at,
      decide: (head) => reverse(head, charged.entry, { reason: 'wrong price', actor: 'person:x' }),
    })
    expect(undone).toMatchObject({
      ok: true,
      entry: { kind: 'reversal', reverses: 2n, amountMicros: 7n * UNIT },
    })
    expect((await prove(accountId)).faults).toEqual([])
  })

  const reversed = async (accountId: string, sequence: bigint) => {
    const entry = (await ledger.readEntry(accountId, sequence))!
    return ledger.post({
      accountId,
      key: `reverse:${sequence}`,
      at,
      decide: (head) => reverse(head, entry, { reason: 'fraud', actor: 'person:x' }),
    })
  }

  it('refuses to take back credit that is spent', async () => {
    const accountId = await openAccount(20n * UNIT)
    await ledger.post({
      accountId,
      key: 'credit:1',
      at,
      decide: (head) =>
        credit(head, {
          kind: 'credit',
          contra: 'credit:goodwill',
          amountMicros: 10n * UNIT,
          currency: 'USD',
          reason: 'for the trouble',
          actor: 'person:x',
          detail: {},
        }),
    })
    await take(accountId, 25n * UNIT, 'spend')
    expect(await reversed(accountId, 2n)).toMatchObject({
      ok: false,
      reason: 'insufficient_credit',
      shortfallMicros: 5n * UNIT,
    })
  })

  it('is not for payments: they are refunded to their card', async () => {
    const accountId = await openAccount(20n * UNIT)
    expect(await reversed(accountId, 1n)).toMatchObject({ ok: false, reason: 'not_reversible' })
  })
})

describe('the proof', () => {
  it('finds a changed amount, a missing line and a changed HEAD', async () => {
    const accountId = await openAccount(20n * UNIT)
    await take(accountId, UNIT, 'a')
    await take(accountId, UNIT, 'b')
    const { head, entries } = await prove(accountId)
    const changed = entries.map((entry) =>
      entry.sequence === 2n ? { ...entry, availableAfterMicros: entry.availableAfterMicros + 1n } : entry,
    )
    expect(proveAccount(head, changed).join()).toContain('entry 2: was changed')
    expect(
      proveAccount(
        head,
        entries.filter((entry) => entry.sequence !== 2n),
      ).join(),
    ).toContain('expected number 2')
    expect(proveAccount({ ...head, availableMicros: 0n }, entries).join()).toContain('HEAD has 0 available')
  })
})
