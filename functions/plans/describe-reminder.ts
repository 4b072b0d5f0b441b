import type { Account } from '../accounts/account.ts'
import type { LocalDay } from '../accounts/local-day.ts'
import type { EventDetail } from '../events/event.ts'
import type { Head } from '../ledger/entry.ts'
import { money } from '../ledger/money.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import { topUpLink } from '../top-up/top-up-link.ts'
import { shortfallOf } from './decide-monthly-charge.ts'
import type { GraceStep } from './grace.ts'
import type { MonthlyLine } from './month-lines.ts'
import { owedIn, type PeriodDocument } from './period-document.ts'

/** The event of a reminder. Its id is the account, the month and the reminder's day. */
export function describeReminder(
  { accountId, currency }: Pick<Account, 'accountId' | 'currency'>,
  reminder: {
    short: readonly PeriodDocument[]
    head: Head
    step: GraceStep
    stopsOn: LocalDay
    /** What would stop. */
    services: readonly MonthlyLine[]
    at: string
    portalUrl: string
  },
): EventDetail<'plan.reminder'> {
  const { short, head, step, stopsOn, services, at, portalUrl } = reminder
  const owedMicros = owedIn(short)
  const exactMicros = shortfallOf(head, owedMicros)
  const shortfall = money(topUpAmountFor(exactMicros, currency), currency)
  return {
    id: `${accountId}/plan.reminder/${step.period}/${step.reminderOf}`,
    accountId,
    at,
    periods: short.map(({ period }) => period),
    owed: money(owedMicros, currency),
    ...(head.receivableMicros > 0n && { owedForPayments: money(head.receivableMicros, currency) }),
    available: money(head.availableMicros, currency),
    shortfall,
    exactShortfall: money(exactMicros, currency),
    stopsOn,
    services: services.map(({ service, name }) => ({ service, name })),
    topUpUrl: topUpLink(portalUrl, accountId, shortfall),
  }
}
