import { z } from 'zod'
import { lastDayBefore } from '../accounts/local-day.ts'
import type { CreditAt } from '../ledger/credit-at.ts'
import { money, moneyReply } from '../ledger/money.ts'
import type { Coverage } from '../plans/coverage.ts'
import type { PlanStanding } from '../plans/plan-standing.ts'
import { outlookReply, presentOutlook } from '../plans/present-outlook.ts'
import { planStandingReply, presentStanding } from '../plans/present-standing.ts'

export const balanceReply = z
  .object({
    accountId: z.string(),
    status: z.enum(['open', 'parked', 'closed']),
    currency: z.string(),
    available: moneyReply.meta({ description: 'credit that may be spent now: without what has expired' }),
    nextExpiry: z
      .object({
        amount: moneyReply.meta({
          description: 'what of the available credit expires then, if it is not used before',
        }),
        expiresAt: z.string(),
        lastDay: z.string().meta({
          description: 'the last day on which it may be used, in the account’s time zone',
          examples: ['2026-12-31'],
        }),
      })
      .optional()
      .meta({ description: 'what expires next; absent when nothing does' }),
    held: moneyReply.meta({ description: 'credit set aside, for something in progress or for the plan' }),
    ringFenced: z
      .object({
        amount: moneyReply,
        period: z.string().meta({ description: 'the month whose charge it is for', examples: ['2026-12'] }),
      })
      .optional()
      .meta({
        description:
          'what of `held` is set aside for the plan of a month, and for what is owed before it: only the plan’s charges use it. Absent without any',
      }),
    owed: moneyReply.optional().meta({
      description:
        'what the account owes for payments that were taken back, by a dispute for instance: the next top-up pays it first. Absent when nothing is owed',
    }),
    sequence: z.int().meta({ description: 'the number of the account’s newest transaction' }),
    upcomingCharge: z
      .object({
        period: z.string().meta({ examples: ['2026-12'] }),
        date: z.string().meta({ description: 'in the account’s time zone', examples: ['2026-12-01'] }),
        dueAt: z.string(),
        total: moneyReply,
        owed: moneyReply.meta({ description: 'for earlier periods that credit was too short for' }),
        shortfall: moneyReply.meta({
          description: 'what is missing for it today, as in the upcoming charge; zero when it is covered',
        }),
      })
      .optional()
      .meta({ description: 'the plan’s next charge; absent without a plan' }),
    plan: planStandingReply.optional().meta({ description: 'absent without a plan' }),
    outlook: outlookReply,
  })
  .meta({ id: 'Balance' })

/** An account's state at one moment, what its plan takes next, and what is expected of it. */
export function presentBalance(
  { head, usableMicros, nextExpiry }: CreditAt,
  coverage: Coverage,
  standing: PlanStanding | undefined,
  timeZone: string,
): z.infer<typeof balanceReply> {
  const upcoming = coverage.month
  const inCurrency = (amountMicros: bigint) => money(amountMicros, head.currency)
  return {
    accountId: head.accountId,
    status: head.status,
    currency: head.currency,
    available: inCurrency(usableMicros),
    nextExpiry: nextExpiry && {
      amount: inCurrency(nextExpiry.amountMicros),
      expiresAt: nextExpiry.expiresAt,
      lastDay: lastDayBefore(nextExpiry.expiresAt, timeZone),
    },
    held: inCurrency(head.heldMicros),
    ringFenced:
      upcoming && upcoming.ringFencedMicros > 0n
        ? { amount: inCurrency(upcoming.ringFencedMicros), period: upcoming.period }
        : undefined,
    owed: head.receivableMicros > 0n ? inCurrency(head.receivableMicros) : undefined,
    sequence: Number(head.sequence),
    upcomingCharge: upcoming && {
      period: upcoming.period,
      date: upcoming.localDate,
      dueAt: upcoming.dueAt,
      total: inCurrency(upcoming.totalMicros),
      owed: inCurrency(upcoming.owedMicros),
      shortfall: inCurrency(upcoming.shortfallMicros),
    },
    plan: standing && presentStanding(standing, { currency: head.currency, timeZone }),
    outlook: presentOutlook(coverage, head.currency),
  }
}
