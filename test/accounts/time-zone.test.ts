import { describe, expect, it } from 'vitest'
import { timeZoneSchema } from '../../functions/accounts/account.ts'
import { periodOf } from '../../functions/accounts/billing-period.ts'
import { dayOf, endOfDay } from '../../functions/accounts/local-day.ts'

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
const AT = '2026-11-23T12:00:00.000Z'
const isTaken = (name: string) => timeZoneSchema.safeParse(name).success

describe('an account’s time zone', () => {
  it('is one that days and months can be reckoned in, whatever else Intl takes for one', () => {
    const short = LETTERS.flatMap((one) =>
      LETTERS.flatMap((two) => LETTERS.map((three) => one + two + three)),
    )
    const names = [
      ...short,
      ...short.map((name) => name.toLowerCase()),
      ...Intl.supportedValuesOf('timeZone'),
    ]
    for (const name of names.filter(isTaken))
      expect(() => [dayOf(AT, name), endOfDay('2026-11-23', name), periodOf(AT, name)], name).not.toThrow()
  })

  it('is any of IANA’s, a link and a name in other capitals too', () => {
    const names = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'EST', 'Asia/Calcutta', 'europe/berlin']
    expect(names.filter((name) => !isTaken(name))).toEqual([])
  })

  it.each(['IST', 'pst', 'CST', '+01:00', 'Berlin', '', ' UTC'])('is not %j', (name) => {
    expect(isTaken(name)).toBe(false)
  })
})
