import { describe, expect, it, test } from 'vitest'
import {
  type MigrationFile,
  readMigrationCsv,
  readMigrationJsonLines,
} from '../../functions/migration/read-migration-file.ts'

const HEADER = 'account_id,paid_from,paid_through,amount,currency,reference'
const GOOD = 'acc_migrated01,2018-06-15,2018-07-14,30.00,USD,INV-1'
const ASKED = {
  accountId: 'acc_migrated01',
  paidFrom: '2018-06-15',
  paidThrough: '2018-07-14',
  amountMicros: 30_000_000n,
  currency: 'USD',
  reference: 'INV-1',
}

function linesOf(file: MigrationFile) {
  if (!file.ok) throw new Error(file.detail)
  return file.lines.map(({ line, read }) =>
    read.ok ? { line, ...read.asked } : `${line} ${read.column ?? ''} ${read.reason}`,
  )
}
const readCsv = (text: string) => linesOf(readMigrationCsv(text))
const readLine = (line: string) => readCsv(`${HEADER}\n${line}\n`)[0]

describe('a migration’s CSV', () => {
  test.each([
    ['commas and LF', `${HEADER}\n${GOOD}\n`, 2],
    [
      'CRLF, a byte order mark and quotes',
      `\ufeff"${HEADER.replaceAll(',', '","')}"\r\n"${GOOD.replaceAll(',', '","')}"`,
      2,
    ],
    ['semicolons', `${HEADER}\n${GOOD}`.replaceAll(',', ';'), 2],
    ['tabs', `${HEADER}\n${GOOD}`.replaceAll(',', '\t'), 2],
    ['blank lines and white space', `\n${HEADER}\n\n ,,\n ${GOOD.replaceAll(',', ' , ')} \n\n`, 5],
    [
      'another order, other names, other columns and empty cells behind them',
      'Currency,Plan,Reference,AMOUNT,Paid Through,Account-ID,paidFrom\nUSD,Gold,INV-1,30,2018-07-14,acc_migrated01,2018-06-15,,\n',
      2,
    ],
  ])('may have %s', (_, csv, line) => {
    expect(readCsv(csv)).toEqual([{ line, ...ASKED }])
  })

  it('lists the columns that it does not read', () => {
    expect(readMigrationCsv(`Plan,${HEADER},Name\nGold,${GOOD},Example\n`)).toMatchObject({
      ignoredColumns: ['Plan', 'Name'],
    })
  })

  it('does without first paid day and reference', () => {
    expect(readCsv('account_id,paid_through,amount,currency\nacc_migrated01,2018-07-14,30,USD')).toEqual([
      { ...ASKED, line: 2, paidFrom: undefined, reference: '' },
    ])
  })

  test.each([
    ['2 account_id value_missing', ',,2018-07-14,30,USD,'],
    ['2 account_id value_invalid', 'acc_é,,2018-07-14,30,USD,'],
    ['2 paid_through value_missing', 'acc_migrated01,,,30,USD,'],
    ['2 paid_through value_invalid', 'acc_migrated01,,2018-06-31,30,USD,'],
    ['2 paid_through value_invalid', 'acc_migrated01,,14.07.2018,30,USD,'],
    ['2 paid_from value_invalid', 'acc_migrated01,2018-6-1,2018-07-14,30,USD,'],
    ['2 amount value_missing', 'acc_migrated01,,2018-07-14,,USD,'],
    ['2 amount value_invalid', 'acc_migrated01,,2018-07-14,"30,00",USD,'],
    ['2 amount value_invalid', 'acc_migrated01,,2018-07-14,1e3,USD,'],
    ['2 amount value_invalid', 'acc_migrated01,,2018-07-14,$30,USD,'],
    ['2 amount value_invalid', 'acc_migrated01,,2018-07-14,0.0000001,USD,'],
    ['2 currency value_invalid', 'acc_migrated01,,2018-07-14,30,usd,'],
    ['2 currency value_missing', 'acc_migrated01,,2018-07-14,30'],
    ['2 reference value_invalid', `acc_migrated01,,2018-07-14,30,USD,${'x'.repeat(101)}`],
    ['2 reference value_invalid', 'acc_migrated01,,2018-07-14,30,USD,\ufffd'],
  ])('refuses a line by itself: %s', (refusal, line) => {
    expect(readCsv(`${HEADER}\n${line}\n`)[0]).toBe(refusal)
    expect(readCsv(`${HEADER}\n${line}\n${GOOD}\n`)[1]).toMatchObject(ASKED)
  })

  it('refuses a line with an amount that has fallen into two cells, instead of crediting the first of them', () => {
    const csv = 'account_id,paid_through,currency,amount\nacc_migrated01,2018-07-14,USD,1,234.50\n'
    expect(readCsv(csv)).toEqual(['2  line_unreadable'])
  })

  it('takes an amount below zero for what it is', () => {
    expect(readLine(GOOD.replace('30.00', '-30.00'))).toMatchObject({ amountMicros: -30_000_000n })
  })

  it('takes the same reference for the same, however its letters are composed', () => {
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'].map((text) =>
      readLine(GOOD.replace('INV-1', text)),
    )
    expect(decomposed).toEqual(composed)
  })

  it('reads what stands before a quote that never ends', () => {
    expect(readCsv(`${HEADER}\n${GOOD}\n"acc_migrated02,2018-06-15\n${GOOD}\n`)).toEqual([
      { line: 2, ...ASKED },
      '3  line_unreadable',
    ])
  })

  it('refuses a record of several lines, instead of losing the clients of all but its first', () => {
    const note = (line: string, said: string) => `${line},${said}`
    const csv = [
      note(HEADER, 'note'),
      note(GOOD, '"called 5/12'),
      note(GOOD, 'his "deal"'),
      note(GOOD, 'paid'),
      note(GOOD, '"on the\nphone"'),
      note(GOOD, ''),
    ]
    const file = readMigrationCsv(csv.join('\n'))
    expect(linesOf(file)).toEqual([
      '2  line_unreadable',
      { line: 4, ...ASKED },
      '5  line_unreadable',
      { line: 7, ...ASKED },
    ])
    const said =
      'is one record with the line after it, none of which was read: a quote is missing, or one too many'
    expect(file).toMatchObject({ lines: [{ read: { detail: said } }, {}, { read: { detail: said } }, {}] })
    expect(readMigrationCsv(`${HEADER},"note\n${GOOD},"\n${GOOD},\n${GOOD},\n`)).toEqual({
      ok: false,
      detail: `line 1: ${said}`,
    })
  })

  test.each([
    ['is empty', ''],
    ['is empty', '\n\n'],
    ['no line follows the header', HEADER],
    ['line 1: the header has no column "amount", "currency"', 'account_id,paid_through\n'],
    ['line 1: the column "amount" stands here twice', `${HEADER},Amount\n${GOOD},1`],
    ['line 2: the header has no column "account_id", "paid_through", "amount", "currency"', `\n${GOOD}`],
  ])('is refused as a whole where no line can be told: %s', (detail, csv) => {
    expect(readMigrationCsv(csv)).toEqual({ ok: false, detail })
  })
})

test.each([
  ['CSV', readMigrationCsv],
  ['JSON lines', readMigrationJsonLines],
])('a file of far more lines than a request takes is not read to its end: %s', (_, read) => {
  const detail = 'has more than 20000 lines, blank ones included'
  expect(read(`${HEADER}\n${'x,\n'.repeat(330_000)}`)).toEqual({ ok: false, detail })
  expect(read('\r\n'.repeat(20_001))).toEqual({ ok: false, detail })
  expect(read('\r\n'.repeat(20_000))).toEqual({ ok: false, detail: 'is empty' })
})

describe('a migration’s JSON lines', () => {
  const line = { account_id: 'acc_migrated01', paid_from: '2018-06-15', paid_through: '2018-07-14' }
  const more = { amount: '30.00', currency: 'USD', reference: 'INV-1' }
  const readJson = (...values: unknown[]) =>
    linesOf(readMigrationJsonLines(values.map((value) => JSON.stringify(value)).join('\n')))

  it('are read as the columns are, by either spelling of their names', () => {
    const camel = { accountId: 'acc_migrated01', paidFrom: '2018-06-15', paidThrough: '2018-07-14', ...more }
    expect(readJson({ ...line, ...more, plan: 'Gold' }, camel)).toEqual([
      { line: 1, ...ASKED },
      { line: 2, ...ASKED },
    ])
    const text = `\ufeff${JSON.stringify({ ...line, ...more })}\r\n\r\n${JSON.stringify(camel)}\r\n`
    expect(linesOf(readMigrationJsonLines(text))).toEqual([
      { line: 1, ...ASKED },
      { line: 3, ...ASKED },
    ])
  })

  it('refuse a line by itself', () => {
    expect(
      readJson(
        { ...line, ...more, amount: 30 },
        [line],
        null,
        'x',
        { ...line, ...more, accountId: 'acc_migrated02' },
        { ...line, ...more, amount: {} },
        { ...line, ...more, paid_from: null, reference: null },
      ),
    ).toEqual([
      '1 amount value_invalid',
      '2  line_unreadable',
      '3  line_unreadable',
      '4  line_unreadable',
      '5 account_id line_unreadable',
      '6 amount value_invalid',
      { ...ASKED, line: 7, paidFrom: undefined, reference: '' },
    ])
    const broken = `{"account_id":\n{"__proto__": {"amount": "5"}}\n${JSON.stringify({ ...line, ...more })}`
    expect(linesOf(readMigrationJsonLines(broken))).toEqual([
      '1  line_unreadable',
      '2 account_id value_missing',
      { line: 3, ...ASKED },
    ])
  })
})
