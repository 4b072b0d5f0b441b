import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseCallRecords } from '../../../cli/call-records/parse-call-records.ts'
import { toUsageEvents } from '../../../cli/call-records/to-usage-events.ts'
import { importRateDeck } from '../../../functions/prices/import-rate-deck.ts'
import { rateUsage } from '../../../functions/prices/rate-usage.ts'

const read = (name: string) => readFileSync(new URL(`../../../cli/sample/${name}`, import.meta.url), 'utf8')

test('every answered call of the sample is rated by the sample’s rates', () => {
  const calls = parseCallRecords(read('calls.csv'))
  const rates = importRateDeck(read('rates.csv'))
  if (!calls.ok || !rates.ok) throw new Error('the sample must be readable')
  expect(calls.badLines).toEqual([])
  expect(calls.records.every(({ startedAt }) => startedAt.startsWith('2026-11-'))).toBe(true)

  const effectiveFrom = '2026-11-01T00:00:00.000Z'
  const model = {
    kind: 'rate_deck' as const,
    deck: 'standard',
    destinationAttribute: 'destination',
    directionAttribute: 'direction',
    defaultDirection: 'outbound' as const,
  }
  const price = { service: 'call', version: 1, currency: 'USD', effectiveFrom, model }
  const deck = { deck: 'standard', version: 1, currency: 'USD', effectiveFrom, rates: rates.deck }
  const { events, setAside } = toUsageEvents(calls.records, {
    source: 'sample',
    accountOf: () => 'acc_sample01',
  })
  expect(new Set(setAside.map(({ reason }) => reason))).toEqual(new Set(['unanswered']))
  for (const { data } of events) {
    const { seconds, ...attributes } = data
    expect(rateUsage({ price, deck, usage: { seconds: BigInt(seconds), attributes } })).toMatchObject({
      ok: true,
    })
  }
})
