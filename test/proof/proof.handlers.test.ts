import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseProof } from '../../cli/drawdown/read-proof-file.ts'
import { beginVerification, endVerification, verifyPage } from '../../cli/drawdown/verify-statement.ts'
import { credit } from '../../functions/ledger/decide-movement.ts'
import { proofRoutes } from '../../functions/proof/proof.routes.ts'
import { readStatementProof } from '../../functions/proof/statement-proof.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'
import { at, type Books, createBooks, UNIT } from './books.ts'

let database: TestDatabase
let books: Books
let reading: unknown
let proving: unknown

beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  books = createBooks(database)
  reading = (await import('../../functions/proof/read-proof.handler.ts')).handler
  proving = (await import('../../functions/proof/prove-now.handler.ts')).handler
})
afterAll(() => database.stop())

const owner = personClaims('owner@example.com')
const readProof = (
  accountId: string,
  query: Record<string, string> = {},
  claims: Record<string, unknown> = owner,
) => send(reading, { route: proofRoutes.readStatementProof, path: { accountId }, query, claims })

function faultsOf(texts: string[]): string[] {
  const pages = texts.map((text) => parseProof('page', text))
  const verification = beginVerification(pages[0]!)
  for (const page of pages) verifyPage(verification, page)
  endVerification(verification)
  return verification.faults
}

describe('a statement proof over the API', () => {
  it('verifies, whole and page by page', async () => {
    const accountId = await books.open({ charges: 6 })
    const whole = await readProof(accountId)
    expect(faultsOf([whole.text])).toEqual([])
    expect([whole.body.entries!.length, whole.body.next]).toEqual([7, undefined])
    const pages: string[] = []
    for (let after: string | undefined = '0'; after !== undefined; ) {
      const page = await readProof(accountId, { after, limit: '3' })
      pages.push(page.text)
      after = page.body.next as unknown as string | undefined
    }
    expect(pages).toHaveLength(3)
    expect(faultsOf(pages)).toEqual([])
  })

  it('is there for an account without lines, and ends at the tip', async () => {
    const accountId = await books.open({ creditMicros: 0n })
    const empty = await readProof(accountId)
    expect(empty.body).toMatchObject({ entries: [], opening: { sequence: '0' }, tip: { sequence: '0' } })
    expect(faultsOf([empty.text])).toEqual([])
    await books.give(accountId, UNIT)
    expect((await readProof(accountId, { after: '1' })).body).toMatchObject({
      entries: [],
      tip: { sequence: '1' },
    })
    const beyond = await readProof(accountId, { after: '2' })
    expect([beyond.status, beyond.body.code, beyond.body.detail]).toEqual([
      ...[404, 'transaction_not_found'],
      'after: the account’s newest transaction is 1.',
    ])
  })

  it('keeps its pages below what a reply may hold, however large the lines', async () => {
    const accountId = await books.open({ creditMicros: 0n })
    const detail = { note: '"'.repeat(150_000) }
    const large = { kind: 'credit', reason: 'x', actor: 'machine:test', detail } as const
    const raise = { ...large, amountMicros: UNIT, currency: 'USD', contra: 'credit:goodwill' } as const
    for (let count = 0; count < 6; count += 1)
      await books.ledger.post({ accountId, key: `large:${count}`, at, decide: (head) => credit(head, raise) })
    const pages: string[] = []
    for (let after: string | undefined = '0'; after !== undefined; ) {
      const page = await readProof(accountId, { after })
      expect(Buffer.byteLength(JSON.stringify(page.text))).toBeLessThan(6_000_000)
      pages.push(page.text)
      after = page.body.next as unknown as string | undefined
    }
    expect(pages.length).toBeGreaterThan(1)
    expect(faultsOf(pages)).toEqual([])
    const head = (await books.ledger.readHead(accountId))!
    const tiny = await readStatementProof(books.ledger, head, { after: 0n, limit: 500 }, 10)
    expect(tiny).toMatchObject({ ok: true, page: { next: '1' } })
  })

  it('is for the account’s members and staff; names what is wrong', async () => {
    const accountId = await books.open()
    expect((await readProof(accountId, {}, staffClaims)).status).toBe(200)
    expect((await readProof(accountId, {}, personClaims('other@example.com'))).body.code).toBe(
      'account_not_found',
    )
    for (const [field, value] of Object.entries({ after: '-1', limit: '1001', cursor: 'x' })) {
      const reply = await readProof(accountId, { [field]: value })
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field])
    }
  })
})

describe('a proof over the API', () => {
  const prove = (accountId: string, body: unknown = {}, claims: Record<string, unknown> = staffClaims) =>
    send(proving, { route: proofRoutes.proveAccount, path: { accountId }, body, claims })

  it('says what was found, and parks what does not agree', async () => {
    const accountId = await books.open({ charges: 2 })
    const proven = { result: 'proven', sequence: 3, headSequence: 3, faults: [] }
    expect(await prove(accountId)).toMatchObject({ status: 200, body: proven })
    expect(await prove(accountId, { whole: true })).toMatchObject({ status: 200, body: proven })
    await books.tamper(accountId, 'HEAD', { heldMicros: 1n })
    const found = await prove(accountId)
    expect(found.body).toMatchObject({
      result: 'mismatch',
      faults: ['HEAD has 1 held, the history 0'],
    })
    expect((await books.ledger.readHead(accountId))!.status).toBe('parked')
  })

  it('goes on with a long history from request to request', async () => {
    const accountId = await books.open({ creditMicros: 2000n * UNIT, charges: 1100 })
    expect((await prove(accountId)).body).toMatchObject({
      result: 'incomplete',
      sequence: 1000,
      headSequence: 1101,
    })
    expect((await prove(accountId)).body).toMatchObject({ result: 'proven', sequence: 1101 })
  })

  it('is for staff; names what is wrong', async () => {
    const accountId = await books.open()
    expect((await prove(accountId, {}, owner)).body.code).toBe('role_not_allowed')
    expect((await prove('acc_nobody000')).body.code).toBe('account_not_found')
    expect((await prove(accountId, { whole: 'yes' })).body.errors?.[0]?.field).toBe('whole')
  })
})

describe('the trial balance over the API', () => {
  it('is for staff, and sums to zero over what is not tampered with', async () => {
    const request = { route: proofRoutes.readTrialBalance }
    expect((await send(reading, { ...request, claims: owner })).body.code).toBe('role_not_allowed')
    const reply = await send(reading, { ...request, claims: staffClaims })
    expect(reply.body.unbalanced).toMatchObject([{ difference: { amount: '0.000001' } }])
    const bad = await send(reading, { ...request, query: { cursor: 'e30' }, claims: staffClaims })
    expect(bad.body.errors?.[0]?.field).toBe('cursor')
  })
})
