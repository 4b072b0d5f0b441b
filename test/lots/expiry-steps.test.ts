import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays, dayOf, endOfDay, isDay, lastDayBefore } from '../../functions/accounts/local-day.ts'
import { stepAfter, stepAt, stepsOf } from '../../functions/lots/expiry-steps.ts'

const zone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'UTC')
const day = fc
  .integer({ min: Date.UTC(2026, 0, 1) / 86_400_000, max: Date.UTC(2046, 11, 31) / 86_400_000 })
  .map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10))
const justBefore = (instant: string) => new Date(Date.parse(instant) - 1).toISOString()

describe('the last day of credit', () => {
  it('ends at the midnight after it, in every zone', () => {
    expect(endOfDay('2026-12-31', 'UTC')).toBe('2027-01-01T00:00:00.000Z')
    expect(endOfDay('2026-12-31', 'Asia/Kolkata')).toBe('2026-12-31T18:30:00.000Z')
    expect(endOfDay('2026-12-31', 'America/St_Johns')).toBe('2027-01-01T03:30:00.000Z')
    expect(endOfDay('2026-12-31', 'Pacific/Apia')).toBe('2026-12-31T11:00:00.000Z')
    // Cairo's clocks leap from midnight to one o'clock: the 24th of April begins at one.
    expect(endOfDay('2026-04-23', 'Africa/Cairo')).toBe('2026-04-23T22:00:00.000Z')
    // Santiago leaps on the 6th of September.
    expect(endOfDay('2026-09-05', 'America/Santiago')).toBe('2026-09-06T04:00:00.000Z')
  })

  it('is read back from that instant, and all of it comes before: any day, any zone', () => {
    fc.assert(
      fc.property(day, zone, (lastDay, timeZone) => {
        const end = endOfDay(lastDay, timeZone)
        expect(lastDayBefore(end, timeZone)).toBe(lastDay)
        expect(dayOf(end, timeZone)).toBe(addDays(lastDay, 1))
      }),
      { numRuns: 300 },
    )
  })

  it('is a day of the calendar', () => {
    for (const text of [
      '2026-02-29',
      '2026-13-01',
      '2026-1-1',
      '20261231',
      '2026-12-31T00:00',
      '',
      '+002026-01-01',
    ])
      expect([text, isDay(text)]).toEqual([text, false])
    expect(isDay('2028-02-29')).toBe(true)
  })
})

describe('the steps of credit that expires', () => {
  it('are 30, 7 and 1 days before its last day and the midnight after it', () => {
    expect(stepsOf('2026-12-31T18:30:00.000Z', 'Asia/Kolkata')).toEqual([
      { daysBefore: 30, dueAt: '2026-11-30T18:30:00.000Z' },
      { daysBefore: 7, dueAt: '2026-12-23T18:30:00.000Z' },
      { daysBefore: 1, dueAt: '2026-12-29T18:30:00.000Z' },
      { daysBefore: 0, dueAt: '2026-12-31T18:30:00.000Z' },
    ])
  })

  it('follow one another, whatever day and zone: each is due at its instant and not a millisecond before', () => {
    fc.assert(
      fc.property(day, zone, (lastDay, timeZone) => {
        const expiresAt = endOfDay(lastDay, timeZone)
        const steps = stepsOf(expiresAt, timeZone)
        steps.forEach((step, index) => {
          expect(stepAt(step.dueAt, expiresAt, timeZone)).toEqual(step)
          expect(stepAt(justBefore(step.dueAt), expiresAt, timeZone)).toEqual(steps[index - 1])
          expect(stepAfter(justBefore(step.dueAt), expiresAt, timeZone)).toEqual(step)
          expect(stepAfter(step.dueAt, expiresAt, timeZone)).toEqual(steps[index + 1] ?? steps.at(-1))
        })
      }),
      { numRuns: 300 },
    )
  })
})
