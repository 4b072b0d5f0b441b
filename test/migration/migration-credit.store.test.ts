import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import type { Entry } from '../../functions/ledger/entry.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { accountKey, HEAD_KEY } from '../../functions/ledger/ledger-keys.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import {
  createMigrationCredits,
  type MigrationRequest,
} from '../../functions/migration/migration-credit.store.ts'
import type { LineReport } from '../../functions/migration/migration-report.ts'
import { presentMigration } from '../../functions/migration/present-migration.ts'
import { readMigrationCsv } from '../../functions/migration/read-migration-file.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const UNIT = 1_000_000n
const HEADER = 'account_id,paid_through,amount,currency,reference'
const request: MigrationRequest = {
  cutOver: '2018-07-01',
  mode: 'commit',
  actor: 'person:staff',
  now: new Date('2018-07-01T06:00:00Z'),
  hasTime: () => true,
}
let database: TestDatabase
let ledger: Ledger
let opened = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())

async function open(currency = 'USD'): Promise<string> {
  opened += 1
  const account: Account = {
    accountId: `acc_migrate${String(opened).padStart(6, '0')}`,
    name: `Client ${opened}`,
    clientType: 'hosted',
    currency,
    timeZone: 'Europe/Berlin',
    lowCreditThresholdMicros: 0n,
    createdAt: '2018-06-01T00:00:00.000Z',
  }
  const ledgerOpening = ledger.openingOf(account.accountId, currency)
  const ownerEmail = `owner${opened}@client.example.com`
  const done = await openAccount(database, { account, ownerEmail, requestHash: 'h', ledgerOpening })
  if (!done.ok) throw new Error(done.reason)
  return account.accountId
}
const openMany = (count: number) => Promise.all(Array.from({ length: count }, () => open()))

async function run(lines: string[], more: Partial<MigrationRequest> = {}, client = database.client) {
  const file = readMigrationCsv([HEADER, ...lines].join('\n'))
  if (!file.ok) throw new Error(file.detail)
  return createMigrationCredits({ ...database, client }).run(file.lines, { ...request, ...more })
}
const verdicts = (reports: LineReport[]) =>
  reports.map(({ outcome }) =>
    outcome.verdict === 'refused'
      ? `${outcome.refusal.column} ${outcome.refusal.reason}`
      : outcome.verdict === 'undecided'
        ? outcome.reason
        : outcome.verdict,
  )
const present = (reports: LineReport[]) =>
  presentMigration(reports, { cutOver: '2018-07-01', mode: 'commit', ignoredColumns: [] })

/** The account's whole history, once it is proven. */
async function historyOf(accountId: string): Promise<Entry[]> {
  const [head, history] = await Promise.all([
    ledger.readHead(accountId),
    ledger.listEntries(accountId, { limit: 1000, ascending: true }),
  ])
  expect(proveAccount(head!, history)).toEqual([])
  return history
}
const creditsOf = async (accountId: string) =>
  (await historyOf(accountId)).map(({ amountMicros }) => amountMicros)

describe('committing a line', () => {
  it('is one posting against credit:migration, as bought credit, whose line explains itself', async () => {
    const accountId = await open()
    expect(verdicts(await run([`${accountId},2018-07-14,30,USD,INV-1`]))).toEqual(['credited'])
    const [entry, ...others] = await historyOf(accountId)
    expect(others).toEqual([])
    expect(entry).toMatchObject({
      kind: 'credit',
      key: 'migration:INV-1',
      actor: 'person:staff',
      reason:
        'Paid before the change of billing on 1 July 2018, INV-1: 30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD',
      postings: [
        { account: 'client:available', amountMicros: 14n * UNIT },
        { account: 'credit:migration', amountMicros: -14n * UNIT },
      ],
      lots: [{ lot: 1n, source: 'migration', changeMicros: 14n * UNIT }],
    })
    expect(JSON.parse(entry!.detail)).toEqual({
      creditKind: 'migration',
      cutOver: '2018-07-01',
      reference: 'INV-1',
      paidMicros: '30000000',
      paidFrom: '2018-06-15',
      paidThrough: '2018-07-14',
      daysPaid: 30,
      creditedFrom: '2018-07-01',
      daysCredited: 14,
      arithmetic: '30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD',
    })
  })

  it('credits nothing twice: not by the same file, nor by another with the same lines', async () => {
    const [one, other] = (await openMany(2)) as [string, string]
    const lines = [`${one},2018-07-14,30,USD,INV-1`, `${other},2018-07-31,31.00,USD,`]
    const first = await run(lines)
    expect(verdicts(first)).toEqual(['credited', 'credited'])
    const second = await run([`${other},2018-07-31,31,USD,`, ...lines.toReversed()])
    expect(verdicts(second)).toEqual(['already_credited', 'already_credited', 'already_credited'])
    expect(present(second)).toMatchObject({
      creditedCount: 0,
      alreadyCreditedCount: 3,
      sums: [{ credited: { amount: '0.00' }, alreadyCredited: { amount: '45.00' } }],
      lines: [{ transaction: 1 }, { transaction: 1, lineAbove: 2 }, { transaction: 1 }],
    })
    expect([await creditsOf(one), await creditsOf(other)]).toEqual([[14n * UNIT], [31n * UNIT]])
  })

  it('credits nothing twice when the file is sent many times at once', async () => {
    const accountIds = await openMany(6)
    const lines = accountIds.flatMap((id) => [`${id},2018-07-14,30,USD,a`, `${id},2018-07-14,60,USD,b`])
    const reports = (await Promise.all(Array.from({ length: 5 }, () => run(lines)))).flat()
    expect(verdicts(reports).filter((verdict) => verdict === 'credited')).toHaveLength(lines.length)
    expect(new Set(verdicts(reports))).toEqual(new Set(['credited', 'already_credited']))
    for (const accountId of accountIds) {
      const credits = await creditsOf(accountId)
      expect(credits.toSorted((a, b) => Number(a - b))).toEqual([14n * UNIT, 28n * UNIT])
    }
  })

  it('credits a payment once, whatever cut-over a file is sent with, and each of an account’s references', async () => {
    const accountId = await open()
    const line = `${accountId},2018-08-14,30,USD,INV-1`
    expect(verdicts(await run([line, line.replace('INV-1', 'INV-2')]))).toEqual(['credited', 'credited'])
    const [corrected] = await run([line], { cutOver: '2018-08-01' })
    expect(corrected?.outcome).toMatchObject({
      verdict: 'refused',
      refusal: {
        ...{ reason: 'reference_reused', column: 'reference' },
        detail: expect.stringContaining('for the cut-over on 1 July 2018'),
      },
    })
    expect(await creditsOf(accountId)).toEqual([30n * UNIT, 30n * UNIT])
  })

  test.each([
    ['amount', '2018-07-14,31,USD,INV-1', {}],
    ['paid_through', '2018-07-15,30,USD,INV-1', {}],
  ])('refuses another %s under a reference that was credited, and says what was', async (column, line) => {
    const accountId = await open()
    await run([`${accountId},2018-07-14,30,USD,INV-1`])
    for (const mode of ['simulate', 'commit'] as const) {
      const [report] = present(await run([`${accountId},${line}`], { mode })).lines
      expect(report).toMatchObject({
        verdict: 'refused',
        reason: 'reference_reused',
        column,
        transaction: 1,
        detail:
          'transaction 1 has credited this reference: 30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD, paid 15 June–14 July 2018',
      })
    }
    expect(await creditsOf(accountId)).toEqual([14n * UNIT])
  })

  it('takes a first paid day for the same request as the rule that finds the same one', async () => {
    const accountId = await open()
    await run([`${accountId},2018-07-14,30,USD,`])
    const csv = `account_id,paid_from,paid_through,amount,currency\n${accountId},FROM,2018-07-14,30,USD\n`
    const withFrom = async (from: string) => {
      const file = readMigrationCsv(csv.replace('FROM', from))
      return file.ok ? createMigrationCredits(database).run(file.lines, request) : []
    }
    expect(verdicts(await withFrom('2018-06-15'))).toEqual(['already_credited'])
    expect(verdicts(await withFrom('2018-06-14'))).toEqual(['paid_from reference_reused'])
  })

  it('lets the first of several lines with one reference count, also where they say something else', async () => {
    const accountId = await open()
    const lines = [
      `${accountId},2018-06-14,30,USD,`,
      `${accountId},2018-07-14,30,USD,`,
      `${accountId},2018-07-14,30.00,USD,`,
      `${accountId},2018-07-14,60,USD,`,
    ]
    const expected = ['already_credited', 'amount reference_reused']
    const simulated = present(await run(lines, { mode: 'simulate' }))
    expect(simulated.lines).toMatchObject([
      { verdict: 'refused', column: 'paid_through' },
      { verdict: 'would_credit' },
      { verdict: 'already_credited', lineAbove: 3 },
      {
        verdict: 'refused',
        reason: 'reference_reused',
        lineAbove: 3,
        detail: expect.stringMatching(/^a line above has this reference: 30\.00 × 14 .*; give each payment/),
      },
    ])
    expect(simulated.sums).toEqual([
      {
        credited: { amount: '0.00', currency: 'USD' },
        wouldCredit: { amount: '14.00', currency: 'USD' },
        alreadyCredited: { amount: '0.00', currency: 'USD' },
      },
    ])
    expect(verdicts(await run(lines)).slice(1)).toEqual(['credited', ...expected])
    expect(await creditsOf(accountId)).toEqual([14n * UNIT])
  })
})

describe('a line that gives no credit', () => {
  it('is refused by itself, and named: the others are credited', async () => {
    const [good, euro, closed, parked] = [await open(), await open('EUR'), await open(), await open()]
    const setStatus = (accountId: string, status: string) =>
      database.client.send(
        new UpdateCommand({
          TableName: database.ledgerTable,
          Key: { pk: accountKey(accountId), sk: HEAD_KEY },
          UpdateExpression: 'SET #status = :status',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ':status': status },
        }),
      )
    await setStatus(closed, 'closed')
    await setStatus(parked, 'parked')
    const lines = [
      `acc_nobodyhere,2018-07-14,30,USD,`,
      `${euro},2018-07-14,30,USD,`,
      `${closed},2018-07-14,30,USD,`,
      `${good},2018-06-30,30,USD,x`,
      `${good},2018-07-14,-30,USD,y`,
      `${good},2018-07-14,thirty,USD,z`,
      `not an account,2018-07-14,30,USD,`,
      `${good},2018-07-14,30,USD,`,
      `${parked},2018-07-14,30,USD,`,
    ]
    const refusals = [
      'account_id account_not_found',
      'currency wrong_currency',
      'account_id account_closed',
      'paid_through nothing_paid_after_cut_over',
      'amount amount_not_positive',
      'amount value_invalid',
      'account_id value_invalid',
    ]
    expect(verdicts(await run(lines, { mode: 'simulate' }))).toEqual([
      ...refusals,
      'would_credit',
      'would_credit',
    ])
    for (const accountId of [good, euro, closed]) expect(await creditsOf(accountId)).toEqual([])
    const reports = await run(lines)
    expect(verdicts(reports)).toEqual([...refusals, 'credited', 'credited'])
    expect(present(reports)).toMatchObject({ lineCount: 9, creditedCount: 2, refusedCount: 7 })
    expect(present(reports).lines[1]).toEqual({
      line: 3,
      verdict: 'refused',
      reason: 'wrong_currency',
      column: 'currency',
      detail: 'must be EUR, the account’s own',
      given: { account_id: euro, paid_through: '2018-07-14', amount: '30', currency: 'USD', reference: '' },
    })
    expect(await creditsOf(good)).toEqual([14n * UNIT])
    expect(await creditsOf(euro)).toEqual([])
  })

  it('is undecided where its account cannot be read, and takes nothing from the others', async () => {
    const [broken, good] = (await openMany(2)) as [string, string]
    const Item = { pk: accountKey(broken), sk: HEAD_KEY, accountId: broken }
    await database.client.send(new PutCommand({ TableName: database.ledgerTable, Item }))
    const lines = [`${broken},2018-07-14,30,USD,`, `${good},2018-07-14,30,USD,`]
    for (const mode of ['simulate', 'commit'] as const)
      expect(verdicts(await run(lines, { mode }))[0]).toBe('internal_error')
    expect(await creditsOf(good)).toEqual([14n * UNIT])
  })

  it('is undecided where no time is left, and credited when it is sent again', async () => {
    const accountIds = await openMany(30)
    const lines = accountIds.map((accountId) => `${accountId},2018-07-14,30,USD,`)
    let asked = 0
    const hasTime = () => {
      asked += 1
      return asked <= 10
    }
    const first = verdicts(await run(lines, { hasTime }))
    expect(first.filter((verdict) => verdict === 'credited')).toHaveLength(10)
    expect(first.filter((verdict) => verdict === 'out_of_time')).toHaveLength(20)
    const second = verdicts(await run(lines))
    expect(second.filter((verdict) => verdict === 'credited')).toHaveLength(20)
    expect(second.filter((verdict) => verdict === 'already_credited')).toHaveLength(10)
  })
})

describe('simulating', () => {
  it('writes nothing and says exactly what committing then does', async () => {
    const [one, other] = (await openMany(2)) as [string, string]
    await run([`${one},2018-07-14,30,USD,old`])
    const lines = [
      `${one},2018-07-14,30,USD,old`,
      `${one},2018-07-20,77.77,USD,new`,
      `${other},2018-07-31,31,USD,`,
      `${other},2018-05-31,31,USD,x`,
    ]
    let writes = 0
    const counting = interposedClient(database.client, async (command, send) => {
      if (/Write|Put|Update|Delete/.test((command as object).constructor.name)) writes += 1
      return send()
    })
    const simulated = present(await run(lines, { mode: 'simulate' }, counting))
    expect(writes).toBe(0)
    const committed = present(await run(lines))
    const asSimulated = ({ transaction, ...line }: (typeof committed.lines)[number]) => ({
      ...line,
      ...(line.verdict === 'credited' ? { verdict: 'would_credit' } : { transaction }),
    })
    expect(committed.lines.map(asSimulated)).toEqual(simulated.lines)
    expect(committed.lines.map(({ verdict }) => verdict)).toEqual([
      'already_credited',
      ...['credited', 'credited', 'refused'],
    ])
    expect(committed.sums[0]!.credited).toEqual(simulated.sums[0]!.wouldCredit)
  })
})

describe('a process that dies', () => {
  test.each(['before', 'after'] as const)(
    '%s any of its writes has credited some lines and not the others; sending again finishes',
    async (when) => {
      for (const atWrite of [1, 2, 3, 4]) {
        const accountIds = await openMany(3)
        const lines = accountIds.map((accountId) => `${accountId},2018-07-14,30,USD,`)
        lines.push(`${accountIds[0]},2018-07-31,31,USD,b`)
        await run(lines, {}, deadFrom(dyingClient(database.client, { atWrite, when })))
        expect(verdicts(await run(lines)).every((verdict) => /credited$/.test(verdict))).toBe(true)
        expect(verdicts(await run(lines))).toEqual(lines.map(() => 'already_credited'))
        expect(await creditsOf(accountIds[0]!)).toEqual([14n * UNIT, 31n * UNIT])
        expect(await creditsOf(accountIds[1]!)).toEqual([14n * UNIT])
        expect(await creditsOf(accountIds[2]!)).toEqual([14n * UNIT])
      }
    },
  )

  it('or whose every reply is lost finds what it has written, and writes it once', async () => {
    const accountId = await open()
    let lost = 0
    const losing = interposedClient(database.client, async (command, send) => {
      const reply = await send()
      if ((command as object).constructor.name !== 'TransactWriteCommand') return reply
      lost += 1
      throw Object.assign(new Error('lost'), { name: 'TimeoutError' })
    })
    const reports = await run([`${accountId},2018-07-14,30,USD,`], {}, losing)
    expect([verdicts(reports), lost]).toEqual([['already_credited'], 1])
    expect(await creditsOf(accountId)).toEqual([14n * UNIT])
  })
})

/** Once the process has died nothing that it would still have sent goes out. */
function deadFrom(client: TestDatabase['client']): TestDatabase['client'] {
  let isDead = false
  return interposedClient(client, async (_command, send) => {
    if (isDead) throw new Died()
    return send().catch((error: unknown) => {
      isDead = error instanceof Died
      throw error
    })
  })
}
