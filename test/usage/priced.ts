import type { PriceModel, PriceVersion } from '../../functions/prices/price.ts'
import { perDurationSchema, perUnitSchema } from '../../functions/prices/price.ts'
import type { PriceFinder, PriceSource } from '../../functions/prices/price-source.ts'
import type { UsageEvent } from '../../functions/usage/usage-event.ts'

export function priceOf(service: string, model: PriceModel, currency = 'USD'): PriceVersion {
  return { service, version: 1, currency, effectiveFrom: '2020-01-01T00:00:00.000Z', model }
}

export const perUnit = (service: string, unitAmount: string) =>
  priceOf(service, perUnitSchema.parse({ kind: 'per_unit', unitAmount }))

export const tiered = (service: string, tiers: { upTo: number | null; unitAmount: string }[]) =>
  priceOf(service, perUnitSchema.parse({ kind: 'per_unit', tiers }))

export const perMinute = (service: string, rate: string) =>
  priceOf(
    service,
    perDurationSchema.parse({
      kind: 'per_duration',
      per: 'minute',
      rate,
      firstIntervalSeconds: 60,
      incrementSeconds: 6,
      connectionFee: '0.01',
    }),
  )

/** Prices that are in force at any time, for any client. */
export function fixedPrices(...prices: PriceVersion[]): PriceSource {
  const finder: PriceFinder = {
    priceFor: async ({ service, currency }) => {
      const price = prices.find((each) => each.service === service && each.currency === currency)
      return price && { price }
    },
  }
  return { open: () => finder }
}

let count = 0

/** An event of one unit of `sms` unless told otherwise; each has an id of its own. */
export function usageEvent(accountId: string, fields: Partial<UsageEvent> = {}): UsageEvent {
  count += 1
  const id = `event-${String(count).padStart(6, '0')}`
  return {
    source: '/switch/1',
    id,
    accountId,
    service: 'sms',
    at: '2026-11-23T12:00:00.000Z',
    quantity: 1,
    attributes: {},
    ...fields,
  }
}
