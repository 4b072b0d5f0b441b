import type { Account } from '../accounts/account.ts'
import { firstDay } from '../accounts/billing-period.ts'
import type { EventDetail } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import type { PriceChange } from './decide-price-change.ts'

/** The event of a change of prices. Its id is the account and the plan's version. */
export function describePriceChange(
  { accountId, currency }: Pick<Account, 'accountId' | 'currency'>,
  change: PriceChange,
  { at, portalUrl }: { at: string; portalUrl: string },
): EventDetail<'plan.price_change'> {
  const { planId, planVersion, planName, effectiveFrom, fromPeriod, beforeMicros, afterMicros } = change
  return {
    id: `${accountId}/plan.price_change/${planId}/${planVersion}`,
    accountId,
    at,
    ...{ planId, planVersion, planName, effectiveFrom, fromPeriod },
    fromDate: firstDay(fromPeriod),
    before: money(beforeMicros, currency),
    after: money(afterMicros, currency),
    fees: change.fees.map((fee) => ({
      service: fee.service,
      name: fee.name,
      before: money(fee.beforeMicros, currency),
      after: money(fee.afterMicros, currency),
    })),
    planUrl: planLink(portalUrl, accountId),
  }
}

/** The portal's page of an account's plan. */
function planLink(portalUrl: string, accountId: string): string {
  const link = new URL('/portal', portalUrl)
  link.searchParams.set('account', accountId)
  return link.href
}
