import { z } from 'zod'
import { dayOf } from '../accounts/local-day.ts'
import { money, moneyReply } from '../ledger/money.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import type { PlanStanding } from './plan-standing.ts'

export const planStandingReply = z
  .object({
    status: z
      .enum(['paid', 'short'])
      .meta({ description: '`short`: a month could not be charged and is owed' }),
    owedPeriods: z.array(z.string()).meta({ description: 'the months that are owed, oldest first' }),
    owed: moneyReply,
    graceEndsAt: z
      .string()
      .optional()
      .meta({ description: 'everything runs until then, though a month is owed; absent when it is over' }),
    stopsOn: z
      .string()
      .optional()
      .meta({ description: 'that day in the account’s time zone', examples: ['2026-12-08'] }),
    stopped: z
      .array(
        z.object({
          service: z.string(),
          since: z.string().meta({
            description: 'the first day for which nothing is charged',
            examples: ['2026-12-08'],
          }),
        }),
      )
      .meta({
        description:
          'services that do not run for lack of credit, in the order in which they stopped; they resume the other way round',
      }),
    resumption: moneyReply.optional().meta({
      description:
        'what the stopped services cost for the rest of the month, today included; absent when none is stopped, or the month is still to be charged',
    }),
    shortfall: moneyReply.meta({
      description:
        'what has to be topped up today so that what is owed is paid and all of it runs, exact, with what a top-up pays first; zero when nothing is missing',
    }),
    topUp: moneyReply
      .optional()
      .meta({ description: 'the least that a card can pay of it; absent when nothing is missing' }),
  })
  .meta({ id: 'PlanStanding', description: 'whether the plan is paid, what has stopped, and what it takes' })

/** How an account stands with its plan as the API shows it. */
export function presentStanding(
  standing: PlanStanding,
  { currency, timeZone }: { currency: string; timeZone: string },
): z.infer<typeof planStandingReply> {
  const { periods, owedMicros, graceEndsAt, stopped, resumptionMicros, shortfallMicros } = standing
  return {
    status: periods.length > 0 ? 'short' : 'paid',
    owedPeriods: periods,
    owed: money(owedMicros, currency),
    graceEndsAt,
    stopsOn: graceEndsAt && dayOf(graceEndsAt, timeZone),
    stopped: stopped.map(({ service, fromDate }) => ({ service, since: fromDate })),
    resumption: resumptionMicros === undefined ? undefined : money(resumptionMicros, currency),
    shortfall: money(shortfallMicros, currency),
    topUp: shortfallMicros > 0n ? money(topUpAmountFor(shortfallMicros, currency), currency) : undefined,
  }
}
