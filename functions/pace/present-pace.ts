import { z } from 'zod'
import { money, moneyReply } from '../ledger/money.ts'
import { perDayMicros, type UsagePace } from './pace.ts'

const daySchema = (description: string) => z.string().meta({ description, examples: ['2026-11-25'] })

export const paceReply = z
  .object({
    from: daySchema('the first of the days that were looked at, in the account’s time zone'),
    to: daySchema('the last of them'),
    days: z
      .int()
      .min(1)
      .max(7)
      .meta({ description: 'how many they are: seven, or fewer of a young account' }),
    used: moneyReply.meta({ description: 'what usage took on these days together' }),
    perDay: moneyReply.meta({ description: 'rounded up to a millionth' }),
  })
  .meta({
    id: 'UsagePace',
    description: 'the days that what is expected comes from: whole days, without today',
  })

/** The days that something is expected from, as the API and events show them. */
export function presentPace(pace: UsagePace, currency: string): z.infer<typeof paceReply> {
  const { fromDay, toDay, days, usedMicros } = pace
  return {
    from: fromDay,
    to: toDay,
    days,
    used: money(usedMicros, currency),
    perDay: money(perDayMicros(pace), currency),
  }
}
