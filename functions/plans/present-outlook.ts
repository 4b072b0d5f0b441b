import { z } from 'zod'
import { money, moneyReply } from '../ledger/money.ts'
import type { UsagePace } from '../pace/pace.ts'
import { paceReply, presentPace } from '../pace/present-pace.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import type { Coverage } from './coverage.ts'
import type { Runway } from './project-credit.ts'

const NOTES = {
  automatic_top_up_expected:
    'The credit will not cover the month; automatic top-up is on and will pay what is missing.',
  warned: 'The credit will not cover the month. Top up what is missing.',
  covered: 'You are covered: the month was funded after the warning.',
} as const

const runwayReply = z
  .object({
    lasts: z.enum(['until', 'beyond', 'unknown']).meta({
      description: '`beyond`: longer than a year; `unknown`: nothing takes it',
    }),
    at: z.string().optional().meta({ description: 'the instant at which it is empty' }),
    date: z
      .string()
      .optional()
      .meta({
        description: 'that day, or the one up to which it was looked, in the account’s time zone',
        examples: ['2027-01-14'],
      }),
    endedBy: z.enum(['usage', 'plan_charge']).optional().meta({
      description: '`usage` takes the last of it; the `plan_charge` of that first is not covered',
    }),
    reason: z
      .enum(['nothing_is_taken'])
      .optional()
      .meta({ description: 'why there is no date: no usage, no plan' }),
    basis: z.string().meta({ description: 'what it follows from, in words' }),
  })
  .meta({ description: 'until when the credit lasts, the plan’s charges included' })

export const outlookReply = z
  .object({
    pace: paceReply.optional().meta({ description: 'absent before the first usage' }),
    runway: runwayReply,
    expectedUsage: moneyReply
      .optional()
      .meta({ description: 'what usage takes until the charge, at this pace; rounded up once' }),
    expiring: moneyReply
      .optional()
      .meta({ description: 'what of the credit will expire before the charge unused; absent without any' }),
    projectedCredit: moneyReply.optional().meta({
      description: 'what is left when the charge is due, with what is set aside for it; never below zero',
    }),
    projectedShortfall: moneyReply.optional().meta({
      description:
        'what has to be topped up so that the charge is covered then, exact, with what a top-up pays first; zero when it is',
    }),
    topUp: moneyReply
      .optional()
      .meta({ description: 'the least that a card can pay of it; absent when it is covered' }),
    note: z
      .object({ kind: z.enum(Object.keys(NOTES) as [keyof typeof NOTES]), text: z.string() })
      .optional()
      .meta({ description: 'what is being done about the coming charge' }),
  })
  .meta({
    id: 'Outlook',
    description:
      'what is expected if usage goes on at its pace; of the coming charge only with a plan. The same in the balance and in the upcoming charge, and what the warning goes by',
  })

/** What lies ahead of an account as the API shows it. */
export function presentOutlook(coverage: Coverage, currency: string): z.infer<typeof outlookReply> {
  const { pace, runway, month } = coverage
  const note = noteOf(coverage)
  return {
    pace: pace && presentPace(pace, currency),
    runway: presentRunway(runway, coverage),
    ...(month && {
      expectedUsage: money(month.expectedUsageMicros, currency),
      expiring: month.expiredMicros > 0n ? money(month.expiredMicros, currency) : undefined,
      projectedCredit: money(month.projectedMicros, currency),
      projectedShortfall: money(month.projectedShortfallMicros, currency),
      topUp:
        month.projectedShortfallMicros > 0n
          ? money(topUpAmountFor(month.projectedShortfallMicros, currency), currency)
          : undefined,
    }),
    note: note && { kind: note, text: NOTES[note] },
  }
}

/** A funded month keeps its note as long as the credit of today covers it. */
function noteOf({ month, warning, isTopUpExpected }: Coverage): keyof typeof NOTES | undefined {
  if (!month) return undefined
  if (warning?.status === 'withdrawn') return month.shortfallMicros === 0n ? 'covered' : undefined
  if (month.projectedShortfallMicros === 0n) return undefined
  if (isTopUpExpected) return 'automatic_top_up_expected'
  return warning?.status === 'warned' ? 'warned' : undefined
}

function presentRunway(runway: Runway, { pace, month }: Coverage): z.infer<typeof runwayReply> {
  const basis = basisOf(pace, month !== undefined && month.needMicros + month.totalMicros > 0n)
  switch (runway.lasts) {
    case 'until':
      return { lasts: 'until', at: runway.at, date: runway.day, endedBy: runway.endedBy, basis }
    case 'beyond':
      return { lasts: 'beyond', date: runway.day, basis }
    case 'unknown':
      return { lasts: 'unknown', reason: runway.reason, basis }
  }
}

function basisOf(pace: UsagePace | undefined, isPlanCharged: boolean): string {
  const usage = pace?.usedMicros
    ? `usage as on ${pace.days === 1 ? pace.fromDay : `the ${pace.days} days from ${pace.fromDay} to ${pace.toDay}`}`
    : 'no usage'
  return isPlanCharged ? `${usage}, and the service plan as it is charged next` : `${usage}, no service plan`
}
