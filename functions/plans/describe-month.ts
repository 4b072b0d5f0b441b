import type { Json } from '../ledger/canonical-json.ts'
import { formatAmount } from '../ledger/money.ts'
import type { ChargeLine } from './month-lines.ts'
import type { MonthlyCharge } from './monthly-charge.ts'

/** Who charges months. */
export const PLANS_ACTOR = 'system:plans'

/** What an entry that charges a month says of it. */
export function describeMonth(charge: MonthlyCharge, currency: string, { wasShort }: { wasShort: boolean }) {
  return {
    kind: 'plan' as const,
    reason: `${charge.planName}, ${charge.period}`,
    actor: PLANS_ACTOR,
    detail: {
      planId: charge.planId,
      planVersion: charge.planVersion,
      planName: charge.planName,
      period: charge.period,
      dueAt: charge.dueAt,
      localDate: charge.localDate,
      currency,
      lines: describeLines(charge, currency),
      total: formatAmount(charge.totalMicros, currency),
      wasShort,
    },
  }
}

/** The lines of a month as plain JSON; the days of those that are not of the whole month stand with them. */
export function describeLines(
  { lines, daysInMonth }: { lines: readonly ChargeLine[]; daysInMonth: number },
  currency: string,
): Json[] {
  return lines.map(
    ({ service, name, quantity, unitFeeMicros, isAgreed, firstDay, lastDay, amountMicros }) => ({
      service,
      name,
      quantity: quantity.toString(),
      unitFee: formatAmount(unitFeeMicros, currency),
      ...(isAgreed && { isAgreed }),
      ...(lastDay - firstDay + 1 < daysInMonth && { firstDay, lastDay, daysInMonth }),
      amount: formatAmount(amountMicros, currency),
    }),
  )
}
