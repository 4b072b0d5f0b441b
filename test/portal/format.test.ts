import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

type Money = { amount: string; currency: string }
type Format = {
  money(money: Money): string
  number(amount: string): string
  signed(money: { amount: string }): string
  align(figures: string[]): string[]
  list(words: string[]): string
  day(date: string): string
  month(period: string): string
  instant(iso: string, timeZone: string): string
  shortInstant(iso: string, timeZone: string): string
  span(from: string, to: string, timeZone: string): string
  topUpLink(accountId: string, money: Partial<Money>): string
  joinCsv(pages: string[]): string
  nextPage(link: string | null, read: string): string | undefined
}

const path = join(import.meta.dirname, '../../web/scripts/format.page.js')
const context = createContext({ Intl, URLSearchParams })
new Script(readFileSync(path, 'utf8')).runInContext(context)
const { format } = context as unknown as { format: Format }

const amounts = fc
  .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 2, max: 6 }))
  .map(([value, places]) => {
    const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0')
    return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
  })

describe('amounts', () => {
  it('are grouped, signed and named by their currency', () => {
    expect(format.money({ amount: '-1234567.5', currency: 'USD' })).toBe('−1,234,567.5\u00a0USD')
    expect(format.money({ amount: '0.000001', currency: 'KWD' })).toBe('0.000001\u00a0KWD')
    expect(format.money({ amount: '1000', currency: 'JPY' })).toBe('1,000\u00a0JPY')
    expect(['5.00', '-5.00', '0.00'].map((amount) => format.signed({ amount }))).toEqual([
      '+5.00',
      '−5.00',
      '0.00',
    ])
  })

  it('keep every digit', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(format.number(amount).replaceAll(',', '').replace('−', '-')).toBe(amount)
      }),
    )
  })

  it('stand with their points below each other in a column', () => {
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 1 }), (column) => {
        const aligned = format.align(column.map(format.number))
        const behind = aligned.map((figure) => figure.length - figure.indexOf('.'))
        expect(new Set(behind).size).toBe(1)
      }),
    )
    expect(format.align(['1,000', '1.5'])).toEqual(['1,000\u2007\u2007', '1.5'])
  })

  it('go into the top-up link whole', () => {
    const link = new URL(
      format.topUpLink('acc_example01', { amount: '17.36', currency: 'USD' }),
      'https://x.example',
    )
    expect(Object.fromEntries(link.searchParams)).toEqual({
      account: 'acc_example01',
      amount: '17.36',
      currency: 'USD',
    })
  })
})

describe('dates', () => {
  it('are those of the account’s place, which is named', () => {
    expect(format.instant('2026-11-30T23:30:00Z', 'Europe/Berlin')).toBe(
      '1 December 2026, 00:30 (Europe/Berlin)',
    )
    expect(format.instant('2026-11-30T23:30:00Z', 'America/New_York')).toBe(
      '30 November 2026, 18:30 (America/New York)',
    )
    expect(format.shortInstant('2027-03-28T01:00:00Z', 'Europe/Berlin')).toBe('28 Mar 2027, 03:00')
  })

  it('of what lasts name a day once', () => {
    const span = (to: string) => format.span('2026-12-10T15:00:00Z', to, 'Europe/Berlin')
    expect(span('2026-12-10T15:30:00Z')).toBe('10 December 2026, 16:00 to 16:30 (Europe/Berlin)')
    expect(span('2026-12-11T01:00:00Z')).toBe(
      '10 December 2026, 16:00 to 11 December 2026, 02:00 (Europe/Berlin)',
    )
  })

  it('of a day or a month are the same everywhere', () => {
    expect([format.day('2026-12-01'), format.month('2026-12')]).toEqual(['1 December 2026', 'December 2026'])
    expect(format.list(['May 2026', 'June 2026'])).toBe('May 2026 and June 2026')
  })
})

describe('a statement as a file', () => {
  it('has its line of headings once', () => {
    expect(format.joinCsv(['a,b\r\n3,"x\r\ny"\r\n', 'a,b\r\n1,z\r\n'])).toBe('a,b\r\n3,"x\r\ny"\r\n1,z\r\n')
    expect(format.joinCsv(['a,b\r\n'])).toBe('a,b\r\n')
  })

  it('goes on where the Link header says, and ends without one', () => {
    const read = '/v1/accounts/acc_1/transactions?limit=200'
    expect(format.nextPage('<?limit=200&cursor=abc>; rel="next"', read)).toBe(
      '/v1/accounts/acc_1/transactions?limit=200&cursor=abc',
    )
    expect([format.nextPage(null, read), format.nextPage('<?x>; rel="prev"', read)]).toEqual([
      undefined,
      undefined,
    ])
  })
})
