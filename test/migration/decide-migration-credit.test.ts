import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { addDays, addYears } from '../../functions/accounts/local-day.ts'
import { decideMigrationCredit, monthThrough } from '../../functions/migration/decide-migration-credit.ts'
import { describeDays } from '../../functions/migration/describe-days.ts'
import type { PaidTime } from '../../functions/migration/migration-line.ts'

const CUT_OVER = '2018-07-01'
const UNIT = 1_000_000n
const paid = (more: Partial<PaidTime> = {}): PaidTime => ({
  amountMicros: 30n * UNIT,
  currency: 'USD',
  paidThrough: '2018-07-14',
  ...more,
})

function creditOf(of: PaidTime, cutOver = CUT_OVER) {
  const decided = decideMigrationCredit(of, cutOver)
  if (!decided.ok) throw new Error(`${decided.column}: ${decided.detail}`)
  return decided.credit
}
function refusalOf(of: PaidTime, cutOver = CUT_OVER) {
  const decided = decideMigrationCredit(of, cutOver)
  return decided.ok ? 'credited' : `${decided.column} ${decided.reason}`
}

describe('the credit for days paid beyond a cut-over', () => {
  it('is their share of the payment, and says how it came about', () => {
    expect(creditOf(paid())).toEqual({
      creditMicros: 14n * UNIT,
      paidFrom: '2018-06-15',
      paidThrough: '2018-07-14',
      daysPaid: 30,
      creditedFrom: '2018-07-01',
      daysCredited: 14,
      arithmetic: '30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD',
    })
  })

  test.each([
    ['the cut-over day alone', '2018-07-01', undefined, '1 of 30 days (1 July 2018) = 1.00 USD'],
    ['all of it', '2018-07-31', undefined, '31 of 31 days (1–31 July 2018) = 30.00 USD'],
    ['all of what begins later', '2018-08-04', undefined, '31 of 31 days (5 July–4 August 2018) = 30.00 USD'],
    ['a quarter', '2018-08-14', '2018-05-15', '45 of 92 days (1 July–14 August 2018) = 14.673913 USD'],
    ['a year', '2019-01-31', '2018-02-01', '215 of 365 days (1 July 2018–31 January 2019) = 17.671233 USD'],
    ['one day', '2018-07-01', '2018-07-01', '1 of 1 days (1 July 2018) = 30.00 USD'],
  ])('of %s', (_, paidThrough, paidFrom, arithmetic) => {
    expect(creditOf(paid({ paidThrough, paidFrom })).arithmetic).toBe(`30.00 × ${arithmetic}`)
  })

  test.each([
    [5n, 3n],
    [7n, 3n],
  ])(
    'is %d micros less a half, rounded once: %d and what was used are what was paid',
    (amountMicros, credit) => {
      const twoDays = { paidFrom: '2018-06-30', paidThrough: '2018-07-01' }
      expect(creditOf(paid({ amountMicros, ...twoDays })).creditMicros).toBe(credit)
    },
  )

  it('is written in the currency’s own coins', () => {
    expect(creditOf(paid({ currency: 'JPY', amountMicros: 3000n * UNIT })).arithmetic).toBe(
      '3000 × 14 of 30 days (1–14 July 2018) = 1400 JPY',
    )
  })

  test.each([
    ['amount amount_not_positive', { amountMicros: 0n }],
    ['amount amount_not_positive', { amountMicros: -1n }],
    ['amount credit_too_small', { amountMicros: 1n, paidThrough: '2018-07-01' }],
    ['paid_through nothing_paid_after_cut_over', { paidThrough: '2018-06-30' }],
    ['paid_from paid_from_after_paid_through', { paidFrom: '2018-07-15' }],
    ['paid_through too_far_from_cut_over', { paidThrough: '2081-07-14' }],
    ['paid_through too_far_from_cut_over', { paidThrough: '2023-07-02' }],
    ['credited', { paidThrough: '2023-07-01', paidFrom: '2018-07-01' }],
    ['paid_from too_far_from_cut_over', { paidFrom: '2013-06-30' }],
    ['credited', { paidFrom: '2013-07-01' }],
  ])('is refused, naming the column: %s %o', (refusal, more) => {
    expect(refusalOf(paid(more))).toBe(refusal)
  })
})

describe('the month that a paid-through day ends', () => {
  test.each([
    ['2018-07-14', '2018-06-15'],
    ['2018-07-31', '2018-07-01'],
    ['2018-06-30', '2018-06-01'],
    ['2018-02-28', '2018-02-01'],
    ['2018-02-27', '2018-01-28'],
    ['2016-02-28', '2016-01-29'],
    ['2016-02-29', '2016-02-01'],
    ['2018-07-30', '2018-06-30'],
    ['2018-03-29', '2018-02-28'],
    ['2016-03-29', '2016-02-29'],
    ['2018-12-31', '2018-12-01'],
    ['2019-01-14', '2018-12-15'],
  ])('through %s is from %s', (through, from) => {
    expect(monthThrough(through)).toBe(from)
  })

  const anyDay = fc.integer({ min: 0, max: 40_000 }).map((days) => addDays('1996-01-01', days))
  it('has as many days as a month may have, whatever the day', () => {
    fc.assert(
      fc.property(anyDay, (through) => {
        const from = monthThrough(through)
        expect(from > addDays(through, -31) && from <= addDays(through, -27)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('of any payment', () => {
  const anyPayment = fc.record({
    amountMicros: fc.bigInt({ min: 1n, max: 10n ** 15n }),
    start: fc.integer({ min: 0, max: 20_000 }).map((days) => addDays('1999-12-01', days)),
    length: fc.integer({ min: 1, max: 800 }),
    used: fc.integer({ min: 0, max: 800 }),
  })
  const creditAfter = (amountMicros: bigint, start: string, length: number, used: number): bigint => {
    const paidThrough = addDays(start, length - 1)
    const of = paid({ amountMicros, paidFrom: start, paidThrough })
    const decided = decideMigrationCredit(of, addDays(start, used))
    if (decided.ok) return decided.credit.creditMicros
    expect(['nothing_paid_after_cut_over', 'credit_too_small']).toContain(decided.reason)
    return 0n
  }

  it('the credit is within half a micro of its days’ share, and with what was used it is the payment', () => {
    fc.assert(
      fc.property(anyPayment, ({ amountMicros, start, length, used }) => {
        fc.pre(used < length)
        const credit = creditAfter(amountMicros, start, length, used)
        const usedMicros = amountMicros - credit
        const off = usedMicros * BigInt(length) - amountMicros * BigInt(used)
        expect(2n * (off < 0n ? -off : off) <= BigInt(length)).toBe(true)
        expect(credit >= 0n && usedMicros >= 0n).toBe(true)
      }),
    )
  })

  it('a later cut-over never credits more, and one before it credits all', () => {
    fc.assert(
      fc.property(anyPayment, ({ amountMicros, start, length, used }) => {
        const earlier = creditAfter(amountMicros, start, length, used)
        expect(creditAfter(amountMicros, start, length, used + 1) <= earlier).toBe(true)
        expect(creditAfter(amountMicros, start, length, 0)).toBe(amountMicros)
        expect(creditAfter(amountMicros, start, length, -40)).toBe(amountMicros)
        expect(creditAfter(amountMicros, start, length, length)).toBe(0n)
      }),
    )
  })

  it('a larger payment is never credited less', () => {
    fc.assert(
      fc.property(anyPayment, fc.bigInt(0n, 10n ** 9n), ({ amountMicros, start, length, used }, more) => {
        const credit = creditAfter(amountMicros, start, length, used)
        expect(creditAfter(amountMicros + more, start, length, used) >= credit).toBe(true)
      }),
    )
  })

  it('the days that are credited are those of the calendar, leap days too', () => {
    const leap = { paidFrom: '2016-01-01', paidThrough: '2016-12-31', amountMicros: 366n * UNIT }
    expect(creditOf(paid(leap), '2016-02-29')).toMatchObject({ daysPaid: 366, daysCredited: 307 })
    expect(creditOf(paid(leap), '2016-03-01').creditMicros).toBe(306n * UNIT)
    const plain = { paidFrom: '2018-01-01', paidThrough: '2018-12-31', amountMicros: 365n * UNIT }
    expect(creditOf(paid(plain), '2018-03-01').creditMicros).toBe(306n * UNIT)
    expect(addYears('2016-02-29', 5)).toBe('2021-02-28')
  })
})

describe('days, for people', () => {
  test.each([
    ['2018-07-01', '2018-07-01', '1 July 2018'],
    ['2018-07-01', '2018-07-14', '1–14 July 2018'],
    ['2018-07-01', '2018-08-14', '1 July–14 August 2018'],
    ['2018-12-20', '2019-01-19', '20 December 2018–19 January 2019'],
    ['2018-07-01', '2019-07-14', '1 July 2018–14 July 2019'],
  ])('%s to %s', (from, through, text) => {
    expect(describeDays(from, through)).toBe(text)
  })
})
