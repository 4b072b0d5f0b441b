import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../functions/ledger/entry.ts'
import { writeCsv, writeStatementCsv } from '../../functions/statements/write-csv.ts'

const entry: Entry = {
  accountId: 'acc_example01',
  sequence: 2n,
  kind: 'charge',
  currency: 'USD',
  at: '2026-11-23T12:00:00.000Z',
  key: 'charge:1',
  reason: 'Numbers, "geographic"',
  actor: 'machine:platform',
  postings: [],
  amountMicros: -1_500_000n,
  availableBeforeMicros: 20_000_000n,
  availableAfterMicros: 18_500_000n,
  heldBeforeMicros: 0n,
  heldAfterMicros: 0n,
  detail: '{}',
  lots: [],
  previousHash: '',
  hash: '',
}

describe('a statement as CSV', () => {
  it('has a header line, exact amounts and quoted texts', () => {
    expect(writeStatementCsv([entry])).toBe(
      'sequence,at,kind,amount,currency,balance_before,balance_after,reason,actor,reverses,terms_version,held_after,owed_change\r\n' +
        '2,2026-11-23T12:00:00.000Z,charge,-1.50,USD,20.00,18.50,"Numbers, ""geographic""",machine:platform,,,0.00,0.00\r\n',
    )
  })

  it('quotes what ends a cell where decimals have a comma', () => {
    expect(writeCsv([['A;=1+1', 'B']])).toBe('"A;=1+1",B\r\n')
  })

  it('reads back as it was, but for an apostrophe before what a spreadsheet would run', () => {
    const cell = fc.string({ unit: fc.constantFrom(...'=+-@＝＋－＠,;"\r\n\t 0aé\'') })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, fc.constant('x')), { minLength: 1 }), (rows) => {
        const read: string[][] = parse(writeCsv(rows), { record_delimiter: '\r\n' })
        rows.flat().forEach((written, index) => {
          const text = read.flat()[index]!
          expect([written, `'${written}`]).toContain(text)
          expect(text).not.toMatch(/^[=+@＝＋－＠\t\r\n]/)
          if (text.startsWith('-')) expect(Number(text)).not.toBeNaN()
        })
      }),
    )
  })
})
