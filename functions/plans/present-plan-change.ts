import { z } from 'zod'
import type { Head } from '../ledger/entry.ts'
import { money, moneyReply } from '../ledger/money.ts'
import { shortfallOf } from './decide-monthly-charge.ts'
import type { MonthlyCharge } from './monthly-charge.ts'
import type { PlannedChange } from './planned-change.ts'
import { chargeLineReply, presentChargeLine } from './present-plan.ts'

export const planChangePreviewReply = z
  .object({
    period: z.string().meta({ description: 'the month that runs', examples: ['2026-12'] }),
    changedOn: z
      .string()
      .meta({ description: 'local date; additions count from it, removals from the next day' }),
    daysInMonth: z.int(),
    lines: z.array(chargeLineReply).meta({ description: 'the month as it would be then' }),
    total: moneyReply,
    totalBefore: moneyReply,
    charged: moneyReply.meta({ description: 'now' }),
    givenBack: moneyReply.meta({
      description: 'now; less than the difference where a part of it had been refunded already',
    }),
    available: moneyReply,
    shortfall: moneyReply.meta({
      description: 'what has to be topped up for it now, with what a top-up pays first',
    }),
    nextMonth: z.object({ period: z.string(), lines: z.array(chargeLineReply), total: moneyReply }).meta({
      description: 'what the coming month would cost with it, whether it is made now or from then on',
    }),
  })
  .meta({ id: 'PlanChangePreview' })

/** A change that is planned, against the credit that there is; `head` without what has expired. */
export function presentPlanChange(
  change: PlannedChange & { nextMonth: MonthlyCharge },
  head: Head,
): z.infer<typeof planChangePreviewReply> {
  const { month, monthBefore, chargedMicros, nextMonth } = change
  const { currency, availableMicros } = head
  return {
    period: month.period,
    changedOn: change.date,
    daysInMonth: month.daysInMonth,
    lines: month.lines.map((line) => presentChargeLine(line, currency)),
    total: money(month.totalMicros, currency),
    totalBefore: money(monthBefore?.totalMicros ?? 0n, currency),
    charged: money(chargedMicros, currency),
    givenBack: money(change.givenBackMicros, currency),
    available: money(availableMicros, currency),
    shortfall: money(shortfallOf(head, chargedMicros), currency),
    nextMonth: {
      period: nextMonth.period,
      lines: nextMonth.lines.map((line) => presentChargeLine(line, currency)),
      total: money(nextMonth.totalMicros, currency),
    },
  }
}
