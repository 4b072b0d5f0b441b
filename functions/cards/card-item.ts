import { withoutKeys } from '../edge/whole-document.ts'
import type { Card, CardNotice, Cards } from './cards.ts'

/** An item of the table as the cards that it holds. */
export function toCards(item: Record<string, unknown>): Cards {
  const cards = withoutKeys(item) as Cards
  return { ...cards, cards: cards.cards.map(toCard) }
}

function toCard(card: Card): Card {
  if (card.toldDaysBefore === undefined) return card
  return { ...card, toldDaysBefore: Number(card.toldDaysBefore) as CardNotice }
}
