import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseScheduleExpression } from '../../local/schedule-expression.ts'

const next = (expression: string, after: string, timezone = 'UTC') =>
  parseScheduleExpression(
    expression,
    timezone,
    new Date('2026-01-01T00:10:00Z'),
  )(new Date(after))?.toISOString()

test.each([
  ['cron(0 * * * ? *)', '2026-11-20T10:15:00Z', '2026-11-20T11:00:00.000Z'],
  ['cron(0 * * * ? *)', '2026-11-20T11:00:00Z', '2026-11-20T12:00:00.000Z'],
  ['cron(15 10 ? * 2 *)', '2026-11-20T00:00:00Z', '2026-11-23T10:15:00.000Z'],
  ['cron(15 10 ? * MON-FRI *)', '2026-11-20T11:00:00Z', '2026-11-23T10:15:00.000Z'],
  ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00.000Z'],
  ['cron(0 8 1 * ? 2028)', '2026-02-01T00:00:00Z', '2028-01-01T08:00:00.000Z'],
  ['rate(1 hour)', '2026-01-01T00:10:00Z', '2026-01-01T01:10:00.000Z'],
  ['rate(5 minutes)', '2026-01-01T00:12:00Z', '2026-01-01T00:15:00.000Z'],
  ['at(2026-12-01T09:00:00)', '2026-11-01T00:00:00Z', '2026-12-01T09:00:00.000Z'],
])('%s after %s is %s', (expression, after, expected) => {
  expect(next(expression, after)).toBe(expected)
})

test('the hours are those of the schedule’s time zone', () => {
  expect(next('cron(0 9 * * ? *)', '2026-07-01T00:00:00Z', 'Europe/Berlin')).toBe('2026-07-01T07:00:00.000Z')
})

test('a single firing is over after its instant', () => {
  expect(next('at(2026-12-01T09:00:00)', '2026-12-01T09:00:00Z')).toBeUndefined()
})

test.each(['hourly', 'cron(0 * * * *)', 'rate(0 hours)', 'rate(1 fortnight)', 'at(tomorrow)'])(
  '%s is refused',
  (expression) => {
    expect(() => parseScheduleExpression(expression, 'UTC', new Date(0))).toThrow()
  },
)

test('the next firing is always later', () => {
  const instants = fc.date({ min: new Date('2026-01-01'), max: new Date('2031-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(
      instants,
      fc.constantFrom('cron(0 * * * ? *)', 'cron(*/7 3 * * ? *)', 'rate(3 hours)'),
      (after, expression) => {
        const firing = parseScheduleExpression(expression, 'America/New_York', new Date('2026-01-01'))(after)
        expect(firing!.getTime()).toBeGreaterThan(after.getTime())
      },
    ),
  )
})
