import type { Account } from '../accounts/account.ts'
import type { EventDetail } from '../events/event.ts'
import { topUpLink } from '../events/top-up-link.ts'
import { money, roundUpToMinor } from '../ledger/money.ts'
import type { UpcomingCharge } from './upcoming-charge.ts'

/**
 * The event of a warning. Its id is the account and the month. The shortfall to top up is rounded up to the currency's
 * smallest coin, since a card pays no less; the exact one stands beside it.
 */
export function describeWarning(
  { accountId, currency }: Pick<Account, 'accountId' | 'currency'>,
  charge: UpcomingCharge,
  { at, portalUrl }: { at: string; portalUrl: string },
): EventDetail<'plan.warning'> {
  const shortfall = money(roundUpToMinor(charge.shortfallMicros, currency), currency)
  return {
    id: `${accountId}/plan.warning/${charge.period}`,
    accountId,
    at,
    period: charge.period,
    chargeDate: charge.localDate,
    need: money(charge.owedMicros + charge.totalMicros, currency),
    credit: money(charge.availableMicros, currency),
    shortfall,
    exactShortfall: money(charge.shortfallMicros, currency),
    topUpUrl: topUpLink(portalUrl, accountId, shortfall),
  }
}
