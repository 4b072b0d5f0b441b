import { z } from 'zod'
import { lastDayBefore } from '../accounts/local-day.ts'
import { LOT_SOURCES, type Lot } from '../ledger/lot.ts'
import { money, moneyReply } from '../ledger/money.ts'

export const lotReply = z
  .object({
    transaction: z.int().meta({ description: 'the transaction that made it' }),
    source: z.enum(LOT_SOURCES),
    remaining: moneyReply.meta({ description: 'what is left of it' }),
    expiresAt: z.string().optional().meta({ description: 'from here on it cannot be used; absent: never' }),
    lastDay: z
      .string()
      .optional()
      .meta({
        description: 'the last day on which it may be used, in the account’s time zone',
        examples: ['2026-12-31'],
      }),
  })
  .meta({ id: 'CreditLot' })

/** A lot as its account's people read it. */
export function presentLot(
  { lot, source, remainingMicros, expiresAt }: Lot,
  { currency, timeZone }: { currency: string; timeZone: string },
): z.infer<typeof lotReply> {
  return {
    transaction: Number(lot),
    source,
    remaining: money(remainingMicros, currency),
    ...(expiresAt !== undefined && { expiresAt, lastDay: lastDayBefore(expiresAt, timeZone) }),
  }
}
