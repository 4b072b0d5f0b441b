import fc from 'fast-check'
import { expect, it } from 'vitest'
import { retryDelayMilliseconds } from '../../functions/edge/retry-delay.ts'

it('waits from nothing up to a bound that doubles with each try, and never longer than the longest', () => {
  const delays = { firstMilliseconds: 10, longestMilliseconds: 400 }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, chance) => {
        const delay = retryDelayMilliseconds(attempt, delays, () => chance)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(Math.min(400, 10 * 2 ** attempt))
      },
    ),
  )
  expect(retryDelayMilliseconds(1, delays, () => 0.5)).toBe(10)
  expect(retryDelayMilliseconds(9, delays, () => 0.5)).toBe(200)
})
