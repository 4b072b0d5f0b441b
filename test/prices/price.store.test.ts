import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPriceStore, type PriceStore } from '../../functions/prices/price.store.ts'
import type { PriceTerms } from '../../functions/prices/price.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let prices: PriceStore

beforeAll(async () => {
  database = await startTestDatabase()
  prices = createPriceStore(database)
})
afterAll(() => database.stop())

const written = { at: '2026-11-23T10:00:00.000Z', by: 'person:staff' }
const perMessage = (unitAmount: string, more: Partial<PriceTerms> = {}): PriceTerms => ({
  currency: 'USD',
  model: { kind: 'per_unit', unitAmount },
  ...more,
})

async function versionOf(service: string, terms: PriceTerms, at = written.at) {
  const set = await prices.set(service, terms, { ...written, at })
  if (!set.ok) throw new Error(set.reason)
  return [set.version.version, set.replayed]
}

describe('setting a price', () => {
  test('adds versions, and none for what the newest says already', async () => {
    expect(await versionOf('sms', perMessage('0.05'))).toEqual([1, false])
    expect(await versionOf('sms', perMessage('0.05'), '2026-11-24T00:00:00.000Z')).toEqual([1, true])
    expect(await versionOf('sms', perMessage('0.06'))).toEqual([2, false])
    expect(await versionOf('sms', perMessage('0.05'))).toEqual([3, false])
  })

  test('compares within a currency and client type alone', async () => {
    expect(await versionOf('mms', perMessage('0.05'))).toEqual([1, false])
    expect(await versionOf('mms', perMessage('0.05', { currency: 'EUR' }))).toEqual([2, false])
    expect(await versionOf('mms', perMessage('0.05', { clientType: 'hosted' }))).toEqual([3, false])
    expect(await versionOf('mms', perMessage('0.05'))).toEqual([1, true])
  })

  test('with another beginning is another version', async () => {
    const later = { effectiveFrom: '2026-12-01T00:00:00.000Z' }
    expect(await versionOf('fax', perMessage('1', later))).toEqual([1, false])
    expect(await versionOf('fax', perMessage('1', later))).toEqual([1, true])
    expect(await versionOf('fax', perMessage('1'))).toEqual([2, false])
    expect(await versionOf('fax', perMessage('1', { effectiveFrom: '2027-01-01T00:00:00.000Z' }))).toEqual([
      3,
      false,
    ])
  })

  test('by many at once gives one version per price, numbered without a gap', async () => {
    const amounts = ['0.01', '0.02', '0.03', '0.04']
    const sets = await Promise.all(amounts.map((amount) => versionOf('voice', perMessage(amount))))
    expect(sets.map(([version]) => version).sort()).toEqual([1, 2, 3, 4])
    const same = await Promise.all([1, 2, 3, 4].map(() => versionOf('data', perMessage('0.07'))))
    expect(same.filter(([, replayed]) => !replayed)).toEqual([[1, false]])
    expect(await prices.listVersions('data')).toHaveLength(1)
  })

  test('reads back as it was set', async () => {
    const model = {
      kind: 'per_unit' as const,
      tiers: [
        { upTo: 10, unitAmount: '1' },
        { upTo: null, unitAmount: '0.5' },
      ],
    }
    await prices.set('tiered', { currency: 'KWD', clientType: 'hosted', model }, written)
    expect(await prices.listVersions('tiered')).toEqual([
      {
        service: 'tiered',
        version: 1,
        currency: 'KWD',
        clientType: 'hosted',
        effectiveFrom: written.at,
        model,
        createdAt: written.at,
        createdBy: written.by,
      },
    ])
  })
})

test('the list of all prices goes page by page through every version once', async () => {
  const seen: string[] = []
  let after: string | undefined
  do {
    const page = await prices.listAll({ limit: 3, after })
    seen.push(...page.versions.map(({ service, version }) => `${service} ${version}`))
    after = page.next
  } while (after)
  expect(seen).toEqual([...new Set(seen)].sort())
  expect(seen).toContain('sms 3')
})
