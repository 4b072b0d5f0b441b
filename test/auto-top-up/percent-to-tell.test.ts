import { expect, it } from 'vitest'
import { type AutoTopUp, percentToTell } from '../../functions/auto-top-up/auto-top-up.ts'

it.each([
  [79_999_999n, 0],
  [80_000_000n, 80],
  [89_999_999n, 80],
  [90_000_000n, 90],
  [99_999_999n, 90],
  [100_000_000n, 100],
  [120_000_000n, 100],
])('of a cap of 100 USD, %d micros charged are told as %d percent', (chargedMicros, percent) => {
  expect(percentToTell({ chargedMicros, monthlyCapMicros: 100_000_000n } as AutoTopUp)).toBe(percent)
})
