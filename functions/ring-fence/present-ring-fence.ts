import { z } from 'zod'
import { money, moneyReply } from '../ledger/money.ts'
import type { UpcomingCharge } from '../plans/upcoming-charge.ts'
import { wantedMicros } from './decide-ring-fence.ts'
import { RING_FENCE_MODES, type RingFenceMode } from './ring-fence.ts'

export const ringFenceReply = z
  .object({
    accountId: z.string(),
    mode: z.enum(RING_FENCE_MODES),
    ringFenced: moneyReply.meta({ description: 'credit that is set aside: only the plan’s charges use it' }),
    wanted: moneyReply.meta({ description: 'what would be set aside today if the credit sufficed' }),
    upcomingCharge: z.object({
      period: z.string().meta({ examples: ['2026-12'] }),
      date: z.string().meta({ description: 'in the account’s time zone', examples: ['2026-12-01'] }),
      dueAt: z.string(),
      total: moneyReply,
      owed: moneyReply.meta({ description: 'for earlier months; paid first' }),
      shortfall: moneyReply.meta({
        description: 'what is missing for both today, as in the upcoming charge; zero when they are covered',
      }),
    }),
  })
  .meta({ id: 'RingFence' })

/** An account's ring-fence against its next charge, at an instant. */
export function presentRingFence(
  { accountId, currency, timeZone }: { accountId: string; currency: string; timeZone: string },
  mode: RingFenceMode,
  charge: UpcomingCharge,
  at: string,
): z.infer<typeof ringFenceReply> {
  const inCurrency = (amountMicros: bigint) => money(amountMicros, currency)
  const { owedMicros } = charge
  return {
    accountId,
    mode,
    ringFenced: inCurrency(charge.ringFencedMicros),
    wanted: inCurrency(wantedMicros({ mode, charge, owedMicros, timeZone, at })),
    upcomingCharge: {
      period: charge.period,
      date: charge.localDate,
      dueAt: charge.dueAt,
      total: inCurrency(charge.totalMicros),
      owed: inCurrency(owedMicros),
      shortfall: inCurrency(charge.shortfallMicros),
    },
  }
}
