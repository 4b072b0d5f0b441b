import type { Account } from '../accounts/account.ts'
import type { EventDetail } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import { presentPace } from '../pace/present-pace.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import { topUpLink } from '../top-up/top-up-link.ts'
import type { MonthAhead, Outlook } from './look-ahead.ts'
import type { Warning, WarningEventName, WarningStatus } from './warning.ts'

type Told = Pick<Account, 'accountId' | 'currency'>
/** With a month that is still to come. */
export type OutlookOfMonth = Outlook & { month: MonthAhead }

const EVENT_NAMES = {
  expected: 'plan.automatic_top_up_expected',
  warned: 'plan.warning',
  withdrawn: 'plan.warning_withdrawn',
} as const satisfies Record<WarningStatus, WarningEventName>

/**
 * What the bus is told of a month that comes to a status. The event's id is the account and the month. The shortfall to top
 * up is the least that a card can pay of the projected one, which stands beside it, exact.
 */
export function describeWarning(
  status: WarningStatus,
  account: Told,
  outlook: OutlookOfMonth,
  { portalUrl }: { portalUrl: string },
): Warning['event'] {
  const detailType = EVENT_NAMES[status]
  if (detailType === 'plan.warning') {
    const detail = describeGap(detailType, account, outlook)
    const topUpUrl = topUpLink(portalUrl, account.accountId, detail.shortfall)
    return { detailType, detail: { ...detail, topUpUrl } }
  }
  if (detailType === 'plan.automatic_top_up_expected')
    return { detailType, detail: describeGap(detailType, account, outlook) }
  return { detailType, detail: describeMonth(detailType, account, outlook) }
}

function describeMonth(name: WarningEventName, { accountId, currency }: Told, outlook: OutlookOfMonth) {
  const { at, month, pace } = outlook
  return {
    id: `${accountId}/${name}/${month.period}`,
    accountId,
    at,
    period: month.period,
    chargeDate: month.localDate,
    need: money(month.needMicros, currency),
    credit: money(month.usableMicros + month.setAsideMicros, currency),
    expectedUsage: money(month.expectedUsageMicros, currency),
    ...(month.expiredMicros > 0n && { expiring: money(month.expiredMicros, currency) }),
    projectedCredit: money(month.projectedMicros, currency),
    ...(pace && { pace: presentPace(pace, currency) }),
  }
}

function describeGap(
  name: WarningEventName,
  account: Told,
  outlook: OutlookOfMonth,
): EventDetail<'plan.automatic_top_up_expected'> {
  const { currency } = account
  const { projectedShortfallMicros, receivableMicros, projectedResumptionMicros } = outlook.month
  return {
    ...describeMonth(name, account, outlook),
    ...(receivableMicros > 0n && { owedForPayments: money(receivableMicros, currency) }),
    ...(projectedResumptionMicros > 0n && { resumption: money(projectedResumptionMicros, currency) }),
    shortfall: money(topUpAmountFor(projectedShortfallMicros, currency), currency),
    exactShortfall: money(projectedShortfallMicros, currency),
  }
}
