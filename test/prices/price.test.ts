import { describe, expect, test } from 'vitest'
import type { ClientType } from '../../functions/accounts/account.ts'
import { findInForce, findPrice } from '../../functions/prices/find-price.ts'
import { type PriceVersion, priceModelSchema, priceTermsSchema } from '../../functions/prices/price.ts'

const fieldsOf = (model: unknown) =>
  priceModelSchema.safeParse(model).error?.issues.map((issue) => issue.path.join('.')) ?? []

describe('a price', () => {
  test.each([
    [{ kind: 'per_unit', unitAmount: '-1' }, 'unitAmount'],
    [{ kind: 'per_unit', unitAmount: 0.05 }, 'unitAmount'],
    [{ kind: 'per_unit', unitAmount: '0.0000001' }, 'unitAmount'],
    [{ kind: 'per_unit', unitAmount: '1000000.000001' }, 'unitAmount'],
    [{ kind: 'per_unit', unitAmount: '1e3' }, 'unitAmount'],
    [{ kind: 'per_unit' }, 'unitAmount'],
    [{ kind: 'per_unit', unitAmount: '1', tiers: [{ upTo: null, unitAmount: '1' }] }, 'unitAmount'],
    [{ kind: 'per_unit', tiers: [{ upTo: 10, unitAmount: '1' }] }, 'tiers.0.upTo'],
    [
      {
        kind: 'per_unit',
        tiers: [
          { upTo: null, unitAmount: '1' },
          { upTo: null, unitAmount: '1' },
        ],
      },
      'tiers.0.upTo',
    ],
    [
      {
        kind: 'per_unit',
        tiers: [
          { upTo: 5, unitAmount: '1' },
          { upTo: 5, unitAmount: '1' },
          { upTo: null, unitAmount: '1' },
        ],
      },
      'tiers.1.upTo',
    ],
    [{ kind: 'per_duration', per: 'minute', rate: '1', incrementSeconds: 0 }, 'incrementSeconds'],
    [{ kind: 'per_duration', per: 'minute', rate: '1', minimumSeconds: -1 }, 'minimumSeconds'],
    [{ kind: 'per_duration', per: 'hour', rate: '1' }, 'per'],
    [{ kind: 'rate_deck', deck: '../secrets' }, 'deck'],
    [{ kind: 'flat' }, 'kind'],
  ])('%j is refused by its field %s', (model, field) => {
    expect(fieldsOf(model)).toContain(field)
  })

  test('begins at an instant that is kept in UTC, whatever offset it came with', () => {
    const terms = {
      currency: 'USD',
      effectiveFrom: '2026-12-01T00:00:00+02:00',
      model: { kind: 'per_unit', unitAmount: '1' },
    }
    expect(priceTermsSchema.parse(terms).effectiveFrom).toBe('2026-11-30T22:00:00.000Z')
    expect(priceTermsSchema.safeParse({ ...terms, effectiveFrom: '2026-02-30T00:00:00Z' }).success).toBe(
      false,
    )
  })
})

describe('the price in force', () => {
  const version = (
    number: number,
    effectiveFrom: string,
    more: Partial<PriceVersion> = {},
  ): PriceVersion => ({
    service: 'sms',
    version: number,
    currency: 'USD',
    effectiveFrom: `${effectiveFrom}T00:00:00.000Z`,
    model: { kind: 'per_unit', unitAmount: '0.05' },
    ...more,
  })
  const versions = [
    version(1, '2026-11-01'),
    version(2, '2026-12-01'),
    version(3, '2026-11-15', { clientType: 'hosted' }),
    version(4, '2026-11-20', { currency: 'EUR' }),
    version(5, '2026-12-01'),
  ]
  const at = (instant: string, clientType: ClientType = 'private_cloud', currency = 'USD') =>
    findPrice(versions, { currency, clientType, at: `${instant}.000Z` })?.version

  test('is the one that began last, from its very first instant', () => {
    expect(at('2026-10-31T23:59:59')).toBeUndefined()
    expect(at('2026-11-01T00:00:00')).toBe(1)
    expect(at('2026-11-30T23:59:59')).toBe(1)
  })

  test('is the later version of two that begin together', () => {
    expect(at('2026-12-01T00:00:00')).toBe(5)
  })

  test('is the client type’s own before one for any client', () => {
    expect(at('2026-11-10T00:00:00', 'hosted')).toBe(1)
    expect(at('2026-12-24T00:00:00', 'hosted')).toBe(3)
  })

  test('is never one of another currency', () => {
    expect(at('2026-11-10T00:00:00', 'hosted', 'EUR')).toBeUndefined()
    expect(at('2026-12-24T00:00:00', 'hosted', 'EUR')).toBe(4)
    expect(findInForce(versions, 'GBP', '2027-01-01T00:00:00.000Z')).toBeUndefined()
  })
})
