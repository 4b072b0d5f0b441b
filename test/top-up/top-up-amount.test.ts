import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cardStepMicros,
  fromProviderAmount,
  refuseTopUpAmount,
  toProviderAmount,
  topUpAmountFor,
  topUpLimits,
} from '../../functions/top-up/top-up-amount.ts'

const currencies = Intl.supportedValuesOf('currency')

describe('what a card can pay', () => {
  it('is counted as Stripe counts it', () => {
    expect(toProviderAmount(12_500_000n, 'USD')).toBe(1250)
    expect(toProviderAmount(1_250_000_000n, 'JPY')).toBe(1250)
    expect(toProviderAmount(1_250_000n, 'KWD')).toBe(1250)
    expect(toProviderAmount(5_000_000n, 'ISK')).toBe(500)
  })

  it('covers any shortfall up to the largest top-up, by less than one step or with the least top-up', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...currencies),
        fc.bigInt({ min: 0n, max: 10n ** 14n }),
        (currency, shortfallMicros) => {
          const { minimumMicros, maximumMicros } = topUpLimits(currency)
          const amountMicros = topUpAmountFor(shortfallMicros, currency)
          expect(refuseTopUpAmount(amountMicros, currency)).toBeUndefined()
          expect(fromProviderAmount(toProviderAmount(amountMicros, currency), currency)).toBe(amountMicros)
          if (shortfallMicros > maximumMicros) {
            expect(amountMicros).toBe(maximumMicros)
            return
          }
          expect(amountMicros >= shortfallMicros).toBe(true)
          const isClose = amountMicros - shortfallMicros < cardStepMicros(currency)
          expect(isClose || amountMicros === minimumMicros).toBe(true)
        },
      ),
    )
  })

  it('has limits that are themselves payable, in every currency', () => {
    for (const currency of currencies) {
      const { minimumMicros, maximumMicros } = topUpLimits(currency)
      expect(refuseTopUpAmount(minimumMicros, currency)).toBeUndefined()
      expect(refuseTopUpAmount(maximumMicros, currency)).toBeUndefined()
      expect(toProviderAmount(maximumMicros, currency)).toBeLessThanOrEqual(99_999_999)
    }
  })
})
