import { z } from 'zod'
import type { LocalDay } from '../accounts/local-day.ts'
import { type Card, type Cards, isExpired, keptCards, lastDayOf } from './cards.ts'

export const CARD_ROLES = ['default', 'backup', 'none'] as const
export type CardRole = (typeof CARD_ROLES)[number]

export const cardReply = z
  .object({
    paymentMethodId: z.string(),
    brand: z.string().meta({ examples: ['visa'] }),
    lastFour: z.string().meta({ examples: ['4242'] }),
    expiresIn: z.string().meta({ description: 'its last month', examples: ['2029-12'] }),
    lastDay: z
      .string()
      .meta({ description: 'the last day on which it can be used', examples: ['2029-12-31'] }),
    state: z
      .enum(['usable', 'expired'])
      .meta({ description: 'an `expired` card is never charged automatically' }),
    role: z.enum(CARD_ROLES).meta({ description: 'the `default` pays, the `backup` where it cannot' }),
    savedAt: z.string(),
  })
  .meta({ id: 'Card' })

export const cardsReply = z.object({ cards: z.array(cardReply) }).meta({ id: 'Cards' })

/** An account's cards as replies carry them, on a day of its own calendar; those that are going are gone already. */
export function presentCards(cards: Cards, today: LocalDay): z.output<typeof cardsReply> {
  return { cards: keptCards(cards).map((card) => presentCard(cards, card, today)) }
}

function presentCard(cards: Cards, card: Card, today: LocalDay): z.output<typeof cardReply> {
  const { paymentMethodId, brand, lastFour, expiresIn, savedAt } = card
  return {
    paymentMethodId,
    brand,
    lastFour,
    expiresIn,
    lastDay: lastDayOf(card),
    state: isExpired(card, today) ? 'expired' : 'usable',
    role: roleOf(cards, paymentMethodId),
    savedAt,
  }
}

/** What a card is for. */
export function roleOf({ defaultCardId, backupCardId }: Cards, paymentMethodId: string): CardRole {
  if (paymentMethodId === defaultCardId) return 'default'
  return paymentMethodId === backupCardId ? 'backup' : 'none'
}
