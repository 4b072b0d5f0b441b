import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  amountSchema,
  currencySchema,
  formatAmount,
  LARGEST_AMOUNT_MICROS,
  parseAmount,
  readAmount,
} from '../../functions/ledger/money.ts'

const amounts = fc.bigInt({ min: 0n, max: LARGEST_AMOUNT_MICROS })
const currencies = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'CLF')

describe('amounts', () => {
  it('read back exactly as they were written', () => {
    fc.assert(
      fc.property(amounts, currencies, (amountMicros, currency) => {
        expect(parseAmount(formatAmount(amountMicros, currency))).toBe(amountMicros)
        expect(readAmount(formatAmount(-amountMicros, currency))).toBe(-amountMicros)
      }),
    )
  })

  it.each([
    '-1',
    '+1',
    'NaN',
    'Infinity',
    '1e3',
    '1e400',
    '0x10',
    '1.',
    '.5',
    '01',
    '1.1234567',
    ' 1',
    '1 ',
    '',
    '1,00',
    '١',
    '9'.repeat(14),
    '__proto__',
  ])('refuse %j', (text) => {
    expect(parseAmount(text)).toBeUndefined()
    expect(amountSchema.safeParse(text).success).toBe(false)
  })

  it('refuse numbers, which may have lost digits already', () => {
    for (const value of [12.5, 2 ** 53 + 1, Number.NaN, Number.POSITIVE_INFINITY, null]) {
      expect(amountSchema.safeParse(value).success).toBe(false)
    }
  })

  it('are shown with at least the decimals of their currency', () => {
    expect(formatAmount(20_000_000n, 'USD')).toBe('20.00')
    expect(formatAmount(4_500n, 'USD')).toBe('0.0045')
    expect(formatAmount(-500_000_000n, 'JPY')).toBe('-500')
    expect(formatAmount(1_500_000n, 'KWD')).toBe('1.500')
  })
})

it('knows the currencies of ISO 4217 and no others', () => {
  expect(currencySchema.safeParse('USD').success).toBe(true)
  for (const code of ['usd', 'XXQ', '', '$', 'USDT'])
    expect(currencySchema.safeParse(code).success).toBe(false)
})
