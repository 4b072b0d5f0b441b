import type { Account } from '../accounts/account.ts'
import type { EventDetail } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import { topUpAmountFor } from '../top-up/top-up-amount.ts'
import { topUpLink } from '../top-up/top-up-link.ts'
import type { UpcomingCharge } from './upcoming-charge.ts'

/**
 * The event of a warning. Its id is the account and the month. The shortfall to top up is the least that a card can
 * pay of it; the exact one stands beside it.
 */
export function describeWarning(
  { accountId, currency }: Pick<Account, 'accountId' | 'currency'>,
  charge: UpcomingCharge,
  { at, portalUrl }: { at: string; portalUrl: string },
): EventDetail<'plan.warning'> {
  const shortfall = money(topUpAmountFor(charge.shortfallMicros, currency), currency)
  return {
    id: `${accountId}/plan.warning/${charge.period}`,
    accountId,
    at,
    period: charge.period,
    chargeDate: charge.localDate,
    need: money(charge.owedMicros + charge.totalMicros, currency),
    credit: money(charge.availableMicros, currency),
    ...(charge.expiringMicros > 0n && { expiring: money(charge.expiringMicros, currency) }),
    ...(charge.receivableMicros > 0n && { owedForPayments: money(charge.receivableMicros, currency) }),
    shortfall,
    exactShortfall: money(charge.shortfallMicros, currency),
    topUpUrl: topUpLink(portalUrl, accountId, shortfall),
  }
}
