import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import { localDateTime } from '../../functions/accounts/billing-period.ts'
import { findWaitingTerms } from '../../functions/terms/decide-gate.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { publishTermsSchema, type TermsVersion } from '../../functions/terms/terms.ts'

const DAY = '2027-03-28'

/** A version that takes effect at an instant, as it is written with an offset. */
function versionFrom(effectiveAt: string): TermsVersion {
  const asked = { document: 'terms', version: '1', title: 'Terms', class: 'material', effectiveAt, text: 'x' }
  const by = { actor: 'machine:staff', at: '2027-01-01T00:00:00.000Z' }
  return { ...draftTerms(publishTermsSchema.parse(asked), by).draft, number: 1n }
}

describe('the effective date', () => {
  it('is an instant: in every time zone the day that it begins there closes at its first moment, and not before', () => {
    const zones = Intl.supportedValuesOf('timeZone')
    expect(zones.length).toBeGreaterThan(300)
    for (const timeZone of zones) {
      const begin = Temporal.PlainDate.from(DAY).toZonedDateTime({ timeZone })
      const version = versionFrom(begin.toString({ timeZoneName: 'never' }))
      expect(version.effectiveAt, timeZone).toBe(new Date(begin.epochMilliseconds).toISOString())
      expect(localDateTime(version.effectiveAt, timeZone), timeZone).toMatch(new RegExp(`^${DAY} 0`))
      const closedAt = (milliseconds: number) =>
        findWaitingTerms([version], [], 'hosted', new Date(begin.epochMilliseconds + milliseconds))[0]!.closed
      expect([closedAt(-1), closedAt(0)], timeZone).toEqual([false, true])
    }
  })

  it('is asked for with its offset: a bare date, or a time of no place, is refused', () => {
    for (const effectiveAt of [DAY, `${DAY}T00:00:00`])
      expect(() => versionFrom(effectiveAt)).toThrow('must be an instant')
  })
})
