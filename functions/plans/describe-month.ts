import { formatAmount } from '../ledger/money.ts'
import { type DescribedLine, storedLine } from './month-entry.ts'
import type { ChargeLine } from './month-lines.ts'
import type { MonthlyCharge } from './monthly-charge.ts'

/** Who charges months. */
export const PLANS_ACTOR = 'system:plans'

/** What an entry that charges a month says of it; `readMonthDetail` reads its detail. */
export function describeMonth(charge: MonthlyCharge, currency: string, { wasShort }: { wasShort: boolean }) {
  const { planId, planVersion, planName, period, dueAt } = charge
  const lines = describeLines(charge, currency).map((line) => storedLine(line, currency))
  return {
    kind: 'plan' as const,
    reason: `${planName}, ${period}`,
    actor: PLANS_ACTOR,
    detail: { planId, planVersion, planName, period, dueAt, lines, ...(wasShort && { wasShort }) },
  }
}

/** The lines of a month as plain JSON; the days of those that are not of the whole month stand with them. */
export function describeLines(
  { lines, daysInMonth }: { lines: readonly ChargeLine[]; daysInMonth: number },
  currency: string,
): DescribedLine[] {
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
