import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { migrate } from '../../../cli/drawdown/migrate.ts'
import { type ReportedLine, summarise, writeReport } from '../../../cli/drawdown/migration-report.ts'
import {
  type MigrationRows,
  readMigrationRows,
  splitRows,
  writeRequest,
} from '../../../cli/drawdown/split-migration.ts'
import { readMigrationCsv } from '../../../functions/migration/read-migration-file.ts'
import { readCsv } from '../../../functions/prices/read-csv.ts'

const HEADER = 'account_id,paid_through,amount,currency,reference'

function rowsOf(text: string): MigrationRows {
  const rows = readMigrationRows(text)
  if ('problem' in rows) throw new Error(rows.problem)
  return rows
}

describe('a file of any size', () => {
  it('is split into requests of 1000 lines, those of an account together and in order', () => {
    const account = (index: number) => `acc_${String(index % 700).padStart(8, '0')}`
    const lines = Array.from({ length: 3500 }, (_, index) => `${account(index)},2018-07-14,30,USD,${index}`)
    const file = rowsOf([HEADER, ...lines].join('\n'))
    const requests = splitRows(file, file.rows)
    expect(requests.map((rows) => rows.length)).toEqual([1000, 1000, 1000, 500])
    expect(requests.flat().toSorted((one, other) => one.line - other.line)).toEqual(file.rows)
    for (const rows of requests)
      for (const ofAccount of Map.groupBy(rows, ({ cells }) => cells[0]).values())
        expect(ofAccount.map(({ cells }) => Number(cells[4]) % 700)).toHaveLength(5)
  })

  it('is split where one account has more lines than a request takes, and where lines are long', () => {
    const many = rowsOf(
      [HEADER, ...Array.from({ length: 2100 }, () => 'acc_12345678,2018-07-14,1,USD,')].join('\n'),
    )
    expect(splitRows(many, many.rows).map((rows) => rows.length)).toEqual([1000, 1000, 100])
    const long = Array.from(
      { length: 200 },
      (_, index) => `acc_${index},2018-07-14,1,USD,${'€'.repeat(4000)}`,
    )
    const file = rowsOf([HEADER, ...long].join('\n'))
    for (const rows of splitRows(file, file.rows))
      expect(Buffer.byteLength(writeRequest(file, rows))).toBeLessThan(1024 * 1024)
    expect(splitRows(file, file.rows).flat()).toEqual(file.rows)
  })

  it('says to the API what the file says', () => {
    const text = `Account-ID;Paid through;Amount;Currency;Reference;Note\nacc_12345678;2018-07-14;1,5;USD;"a ""b""; c";"x\ny"\n;;;;;\nacc_1;2018-07-14;1;USD;;;7`
    const file = rowsOf(text)
    const [sent, read] = [readMigrationCsv(writeRequest(file, file.rows)), readMigrationCsv(text)]
    const saidBy = (of: typeof sent) => of.ok && of.lines.map(({ given, read }) => ({ given, read }))
    expect(saidBy(sent)).toEqual(saidBy(read))
  })
})

describe('the report', () => {
  const lines: ReportedLine[] = [
    {
      line: 3,
      verdict: 'refused',
      given: { account_id: '=cmd()', amount: '-5' },
      column: 'amount',
      detail: 'x,y',
    },
    {
      line: 2,
      verdict: 'credited',
      given: { account_id: 'acc_12345678', paid_through: '2018-07-14', amount: '30', currency: 'USD' },
      credit: { amount: '14.00', currency: 'USD' },
      ...{ paidFrom: '2018-06-15', transaction: 1, arithmetic: '30.00 × 14 of 30 days' },
    },
    {
      line: 4,
      verdict: 'already_credited',
      given: {},
      credit: { amount: '14.00', currency: 'USD' },
      ...{ transaction: 1, lineAbove: 2 },
    },
  ]
  const summary = summarise({ file: 'x', cutOver: '2018-07-01', mode: 'commit', ignoredColumns: [] }, lines)

  it('has every line in the file’s order, and each sum once', () => {
    expect(summary).toMatchObject({
      lineCount: 3,
      counts: { credited: 1, would_credit: 0, already_credited: 1, refused: 1, undecided: 0 },
      sums: [{ currency: 'USD', credited: '14.00', wouldCredit: '0.00', alreadyCredited: '0.00' }],
    })
    expect(summary.lines.map(({ line }) => line)).toEqual([2, 3, 4])
  })

  it('is CSV that a spreadsheet may open', () => {
    const { rows } = readCsv(writeReport(summary.lines))
    expect(rows[2]!.cells).toEqual([
      ...['3', 'refused', "'=cmd()", '', '-5', '', '', '', '', '', '', '', 'amount', 'x,y'],
    ])
  })
})

describe('a request that gets no answer', () => {
  let server: Server
  let folder: string
  let answers: ((lines: number) => { status: number; body: unknown })[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drawdown-migrate-'))
    server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      const { status, body } = answers.shift()!(readCsv(text).rows.length - 1)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  })
  afterAll(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  afterEach(() => vi.restoreAllMocks())

  const credit = { amount: '1.00', currency: 'USD' }
  const reply = (verdictOf: (index: number) => string) => (lines: number) => ({
    status: 200,
    body: {
      lines: Array.from({ length: lines }, (_, index) => {
        const verdict = verdictOf(index)
        return { line: index + 2, verdict, given: {}, ...(verdict === 'credited' && { credit }) }
      }),
    },
  })

  async function run(lineCount: number, ...more: string[]) {
    const file = join(folder, 'clients.csv')
    const lines = Array.from(
      { length: lineCount },
      (_, index) => `acc_${index + 10_000_000},2018-07-14,1,USD,`,
    )
    await writeFile(file, [HEADER, ...lines].join('\n'))
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { port } = server.address() as AddressInfo
    const connection = ['--api', `http://127.0.0.1:${port}`, '--token', 'staff']
    const words = [file, '--cut-over', '2018-07-01', '--json', ...more, ...connection]
    const code = await migrate.run(words).catch((error: Error) => error.message)
    const [text] = printed.mock.calls[0] ?? []
    return { code, summary: text === undefined ? undefined : JSON.parse(String(text)) }
  }

  it('loses no report of those that did, and leaves what is unknown to the next run', async () => {
    answers = [
      reply(() => 'credited'),
      () => ({ status: 504, body: { message: 'Endpoint request timed out' } }),
    ]
    const report = join(folder, 'report.csv')
    const { code, summary } = await run(1500, '--commit', '--report', report)
    expect(code).toMatch(/504 Endpoint request timed out/)
    expect(summary.counts).toMatchObject({ credited: 1000, undecided: 500 })
    expect(summary.sums).toMatchObject([{ credited: '1000.00' }])
    expect(readCsv(await readFile(report, 'utf8')).rows).toHaveLength(1501)
  })

  it('is a refusal alone where it is the first', async () => {
    answers = [() => ({ status: 403, body: { code: 'role_not_allowed', detail: 'This is for staff' } })]
    const report = join(folder, 'never.csv')
    const { code, summary } = await run(2, '--commit', '--report', report)
    expect([code, summary]).toEqual([expect.stringContaining('403 role_not_allowed'), undefined])
    await expect(readFile(report)).rejects.toThrow('ENOENT')
    await expect(readFile(`${report}.part`)).rejects.toThrow('ENOENT')
  })

  it('is sent again for the lines that were undecided, three times at most', async () => {
    answers = [
      reply((index) => (index < 2 ? 'credited' : 'undecided')),
      reply((index) => (index === 0 ? 'credited' : 'undecided')),
      reply(() => 'undecided'),
    ]
    const { code, summary } = await run(5, '--commit')
    expect([code, summary.counts, answers]).toEqual([
      1,
      { credited: 3, would_credit: 0, already_credited: 0, refused: 0, undecided: 2 },
      [],
    ])
  })
})
