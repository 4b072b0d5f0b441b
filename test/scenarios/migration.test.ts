import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTrialBalance } from '../../cli/drawdown/trial-balance.ts'
import { readCsv } from '../../functions/prices/read-csv.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Report = {
  lines: { line: number; verdict: string; transaction?: number; column?: string }[]
  sums: Record<string, { amount: string; currency: string }>[]
} & Record<string, unknown>

let test: TestStack
let [hosted, privateCloud, global, closed] = [] as unknown as [Account, Account, Account, Account]
let csv: string

/** The operator billed in mid-month until 30 June 2018; from 1 July on months are billed here. */
beforeAll(async () => {
  test = await startTestStack({ startAt: '2018-07-01T08:00:00.000Z' })
  hosted = await test.openAccount({ clientType: 'hosted', timeZone: 'Europe/Berlin' })
  privateCloud = await test.openAccount({ clientType: 'private_cloud', currency: 'EUR' })
  global = await test.openAccount({ clientType: 'global_infrastructure', timeZone: 'Pacific/Auckland' })
  closed = await test.openAccount()
  await test.staff.send('PUT', `/v1/accounts/${closed.accountId}/status`, {
    body: { status: 'closed', reason: 'Moved away' },
  })
  csv = [
    'Account ID;Paid from;Paid through;Amount;Currency;Reference;Client',
    // 15 June to 14 July are 30 days, of which 1 to 14 July are 14: 30.00 × 14 ÷ 30 = 14.00.
    `${hosted.accountId};;2018-07-14;30.00;USD;INV-1001;"Example; Telephony"`,
    // 10 June to 9 July are 30 days, of which 9 are in July: 4.99 × 9 ÷ 30 = 1.497.
    `${hosted.accountId};;2018-07-09;4.99;USD;INV-1002;`,
    // 21 June to 20 July are 30 days, of which 20 are in July: 449.50 × 20 ÷ 30 = 299.6666…
    `${privateCloud.accountId};;2018-07-20;449.50;EUR;;`,
    '',
    // 17 days of May, 30 of June, 31 of July and 14 of August are 92, of which 45 are left: 12000 × 45 ÷ 92 = 5869.56521739…
    `${global.accountId};2018-05-15;2018-08-14;12000.00;USD;Q2;`,
    `${closed.accountId};;2018-07-14;30.00;USD;;`,
    `${privateCloud.accountId};;2018-06-30;449.50;EUR;June;`,
    `acc_nobodyhere;;2018-07-14;30.00;USD;;`,
    `${hosted.accountId};;14.07.2018;30.00;USD;INV-1003;`,
  ].join('\r\n')
})
afterAll(() => test.stop())

const send = (mode: string | undefined, text = csv, contentType = 'text/csv', cutOver = '2018-07-01') =>
  test.staff.send<Report>('POST', '/v1/staff/migration-credits', {
    query: { cutOver, mode },
    text,
    contentType,
  })
const verdictsOf = ({ lines }: Report) =>
  lines.map(({ line, verdict, column }) => `${line} ${verdict}${column ? ` ${column}` : ''}`)
const balanceOf = async ({ accountId }: Account) =>
  (await test.staff.get<{ available: { amount: string } }>(`/v1/accounts/${accountId}/balance`)).available
    .amount
const balances = () => Promise.all([hosted, privateCloud, global, closed].map(balanceOf))

const REFUSED = [
  ...['7 refused account_id', '8 refused paid_through', '9 refused account_id', '10 refused paid_through'],
]

describe('clients billed in mid-month before a cut-over', () => {
  it('are simulated first: every line is reported, and nothing is written', async () => {
    const report = await send(undefined)
    expect(verdictsOf(report)).toEqual([
      ...['2 would_credit', '3 would_credit', '4 would_credit', '6 would_credit'],
      ...REFUSED,
    ])
    expect(report.sums).toEqual([
      {
        credited: { amount: '0.00', currency: 'USD' },
        // 14.00 + 1.497 + 5869.565217
        wouldCredit: { amount: '5885.062217', currency: 'USD' },
        alreadyCredited: { amount: '0.00', currency: 'USD' },
      },
      {
        credited: { amount: '0.00', currency: 'EUR' },
        wouldCredit: { amount: '299.666667', currency: 'EUR' },
        alreadyCredited: { amount: '0.00', currency: 'EUR' },
      },
    ])
    expect(report.ignoredColumns).toEqual(['Client'])
    expect(await balances()).toEqual(['0.00', '0.00', '0.00', '0.00'])
  })

  it('are credited for the days left, on statements that explain themselves', async () => {
    expect(verdictsOf(await send('commit'))).toEqual([
      ...['2 credited', '3 credited', '4 credited', '6 credited'],
      ...REFUSED,
    ])
    expect(await balances()).toEqual(['15.497', '299.666667', '5869.565217', '0.00'])
    const path = `/v1/accounts/${global.accountId}`
    const { transactions } = await global.owner.get<{ transactions: Record<string, unknown>[] }>(
      `${path}/transactions`,
    )
    expect(transactions).toEqual([
      expect.objectContaining({
        kind: 'credit',
        amount: { amount: '5869.565217', currency: 'USD' },
        reason:
          'Paid before the change of billing on 1 July 2018, Q2: 12000.00 × 45 of 92 days (1 July–14 August 2018) = 5869.565217 USD',
      }),
    ])
    const line = await global.owner.get<{ detail: object }>(`${path}/transactions/1`)
    expect(line.detail).toMatchObject({ daysPaid: 92, daysCredited: 45, paidMicros: '12000000000' })
    const books = await readTrialBalance(test.staff)
    expect(books.sumsToZero).toBe(true)
    expect(books.currencies).toContainEqual(
      expect.objectContaining({
        currency: 'EUR',
        lines: [
          { account: 'client:available', amount: '299.666667' },
          { account: 'client:held', amount: '0.00' },
          { account: 'credit:migration', amount: '-299.666667' },
        ],
      }),
    )
  })

  it('get nothing a second time, from the same file or from one of JSON lines', async () => {
    const before = await balances()
    const again = await send('commit')
    expect(verdictsOf(again)).toEqual([
      ...['2 already_credited', '3 already_credited', '4 already_credited', '6 already_credited'],
      ...REFUSED,
    ])
    expect(again.lines.slice(0, 2).map(({ transaction }) => transaction)).toEqual(
      expect.arrayContaining([1, 2]),
    )
    const line = { accountId: privateCloud.accountId, paidThrough: '2018-07-20', currency: 'EUR' }
    const text = [
      { ...line, amount: '449.5' },
      { ...line, amount: '500' },
    ].map((one) => JSON.stringify(one))
    expect(verdictsOf(await send('commit', text.join('\n'), 'application/x-ndjson'))).toEqual([
      '1 already_credited',
      '2 refused amount',
    ])
    expect(await balances()).toEqual(before)
  })

  it('are for staff alone', async () => {
    const path = '/v1/staff/migration-credits?cutOver=2018-07-01'
    for (const caller of [hosted.owner, test.usage]) {
      const { status } = await refusalOf(caller.send('POST', path, { text: csv, contentType: 'text/csv' }))
      expect(status).toBe(403)
    }
  })

  it.each([
    ['cutOver', 400, () => send('commit', csv, 'text/csv', '2018-06-31')],
    ['cutOver', 400, () => send('commit', csv, 'text/csv', '1018-07-01')],
    ['mode', 400, () => send('yes')],
    ['body', 400, () => send('commit', 'account_id,amount\n')],
    ['body', 400, () => send('commit', '')],
    ['body', 400, () => send('commit', '\n', 'application/x-ndjson')],
    ['body', 400, () => send('commit', `${csv}${'\n;;2018-07-14;1;USD;;'.repeat(993)}`)],
    ['body', 413, () => send('commit', 'x'.repeat(1024 * 1024 + 1))],
    ['content-type', 415, () => send('commit', '{}', 'application/json')],
  ])(
    'are refused as a whole for a request that is none, which names %s: %i',
    async (field, status, request) => {
      const before = await balances()
      const refusal = await refusalOf(request())
      expect([refusal.status, refusal.problem.errors]).toEqual([status, [expect.objectContaining({ field })]])
      expect(await balances()).toEqual(before)
    },
  )
})

describe('drawdown migrate', () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number; out: string; error: string }>((resolve) => {
      const words = ['cli/drawdown.ts', 'migrate', ...args, '--api', test.stack.apiUrl]
      execFile(process.execPath, words, (failure, out, error) =>
        resolve({ code: failure ? Number(failure.code) : 0, out, error }),
      )
    })
  const CUT_OVER = ['--cut-over', '2018-07-01']
  const WITH_REPORT = (file: string) => [...CUT_OVER, '--commit', '--report', file]

  it('simulates by default, commits when told to, works twice, and reports every line', async () => {
    const [one, other] = [await test.openAccount(), await test.openAccount({ currency: 'JPY' })]
    const [file, report] = [join(test.folder, 'clients.csv'), join(test.folder, 'report.csv')]
    const lines = [
      '\ufeffaccount_id,paid_through,amount,currency,reference,note',
      `${one.accountId},2018-07-14,"30.00",USD,a,a note`,
      `${other.accountId},2018-07-31,3100,JPY,a,"of ""two"" kinds"`,
      `${one.accountId},2018-07-14,30.00,USD,b,`,
      `${one.accountId},2018-07-14,30.00,USD,a,once more`,
      `${one.accountId},2018-06-14,30.00,USD,c,`,
    ]
    await writeFile(file, lines.join('\r\n'))
    const [simulated, committed] = [await run(file, ...CUT_OVER), await run(file, ...WITH_REPORT(report))]
    const left = [
      ...['  1 refused', 'USD 28.00 DONE', 'JPY 3100 DONE', 'Columns that are not read: note'],
      `✗ line 6, ${one.accountId}, paid_through: 2018-06-14 is before the cut-over day, 2018-07-01: no day that was paid is left`,
    ]
    const printed = (done: string) =>
      ['  3 DONE', '  1 already credited, 1 of them by a line above', ...left].map((line) =>
        line.replace('DONE', done),
      )
    expect([simulated.code, simulated.out.split('\n').slice(0, -1)]).toEqual([
      1,
      [`${file}, cut-over 1 July 2018: simulated, nothing was written`, ...printed('would be credited')],
    ])
    expect([committed.code, committed.out.split('\n').slice(0, -1)]).toEqual([
      1,
      [`${file}, cut-over 1 July 2018: committed`, ...printed('credited')],
    ])
    const funded = [await balanceOf(one), await balanceOf(other)]
    expect(funded).toEqual(['28.00', '3100'])

    const { rows } = readCsv(await readFile(report, 'utf8'))
    expect(rows.map(({ cells }) => cells.slice(0, 2))).toEqual([
      ...[
        ['line', 'verdict'],
        ['2', 'credited'],
        ['3', 'credited'],
      ],
      ...[
        ['4', 'credited'],
        ['5', 'already_credited'],
        ['6', 'refused'],
      ],
    ])
    expect(rows[1]!.cells).toEqual([
      ...['2', 'credited', one.accountId, '2018-07-14', '30.00', 'USD', '2018-06-15', 'a', '14.00', '1'],
      ...['30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD', '', '', ''],
    ])
    const again = await run(report, ...CUT_OVER, '--commit', '--json')
    expect(JSON.parse(again.out)).toMatchObject({
      lineCount: 5,
      counts: { credited: 0, would_credit: 0, already_credited: 4, refused: 1, undecided: 0 },
      sums: [
        { currency: 'USD', credited: '0.00', alreadyCredited: '28.00' },
        { currency: 'JPY', credited: '0', alreadyCredited: '3100' },
      ],
    })
    expect([await balanceOf(one), await balanceOf(other)]).toEqual(funded)
  }, 60_000)

  it('takes a file that is larger than a request', async () => {
    const file = join(test.folder, 'many.csv')
    const line = (index: number) => `acc_nobody${String(index).padStart(6, '0')},2018-07-14,30,USD`
    const good = `${hosted.accountId},2018-07-14,30,USD`
    const lines = [good, ...Array.from({ length: 1500 }, (_, index) => line(index)), good]
    await writeFile(file, ['account_id,paid_through,amount,currency', ...lines].join('\n'))
    const { code, out } = await run(file, ...CUT_OVER, '--json')
    const summary = JSON.parse(out)
    expect([code, summary.counts]).toEqual([
      1,
      { credited: 0, would_credit: 1, already_credited: 1, refused: 1500, undecided: 0 },
    ])
    expect(summary.lines.map(({ line }: { line: number }) => line)).toEqual(
      lines.map((_, index) => index + 2),
    )
    expect(summary.lines.at(-1)).toMatchObject({ verdict: 'already_credited', lineAbove: 2 })
  }, 60_000)

  it('says what has to change in its command line and in its file', async () => {
    const file = join(test.folder, 'bad.csv')
    await writeFile(file, 'account_id,amount\nacc_x,1\n')
    const runs = await Promise.all([
      run(file, ...CUT_OVER),
      run(file),
      run(...CUT_OVER),
      run(join(test.folder, 'none.csv'), ...CUT_OVER),
    ])
    expect(runs.map(({ code, error }) => [code, error.split('\n')[0]!.replace(test.folder, '')])).toEqual([
      [2, '/bad.csv: line 1: the header has no column "paid_through", "currency"'],
      [2, 'Name the first day that is billed here, such as --cut-over 2018-07-01'],
      [2, 'Name the file: drawdown migrate clients.csv'],
      [2, '/none.csv: there is no such file'],
    ])
  })
})
