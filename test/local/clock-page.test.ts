import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseInstant } from '../../local/pages/clock-page.ts'

test.each([
  ['2026-12-01', '2026-12-01T12:00:00.000Z'],
  ['2028-02-29', '2028-02-29T12:00:00.000Z'],
  [' 2026-12-01T08:30:00Z ', '2026-12-01T08:30:00.000Z'],
  ['2026-12-01T08:30+02:00', '2026-12-01T06:30:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(parseInstant(text)?.toISOString()).toBe(expected)
})

test.each([
  '',
  '2026-02-29',
  '2026-13-01',
  '2026-12-01T08:30:00',
  '2026-12-01T25:00:00Z',
  'tomorrow',
  5,
  undefined,
  null,
])('%s is not an instant', (text) => {
  expect(parseInstant(text)).toBeUndefined()
})

test('every instant reads back as itself, and a date alone has begun at UTC−12 and not ended at UTC+11', () => {
  const instants = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(instants, (instant) => {
      expect(parseInstant(instant.toISOString())).toEqual(instant)
      const day = instant.toISOString().slice(0, 10)
      const noon = parseInstant(day)!.getTime()
      for (const offsetHours of [-12, 0, 11]) {
        expect(new Date(noon + offsetHours * 3_600_000).toISOString().slice(0, 10)).toBe(day)
      }
    }),
  )
})
