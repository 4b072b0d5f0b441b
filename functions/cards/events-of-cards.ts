import type { BusEvent } from '../events/event.ts'
import { type Card, type Cards, findCard, keptCards, lastDayOf, noCards } from './cards.ts'
import { roleOf } from './present-cards.ts'

/**
 * What the bus is told when an account's cards change, each under an id that names the write. A card that went at once, as
 * the eleventh or the older of two entries, was never saved and is not removed either.
 */
export function eventsOfCards(before: Cards = noCards(''), after: Cards): BusEvent[] {
  const saved = keptCards(after).flatMap((card) => eventsOfKept(before, after, card))
  const removed = keptCards(before)
    .filter(({ paymentMethodId }) => !findCard(after, paymentMethodId))
    .map((card) => removedEvent(before, after, card))
  return [...saved, ...removed]
}

function eventsOfKept(before: Cards, after: Cards, card: Card): BusEvent[] {
  const { paymentMethodId } = card
  const known = findCard(before, paymentMethodId)
  if (!known) return [{ detailType: 'card.saved', detail: describe('saved', after, card) }]
  const events: BusEvent[] = []
  if (after.defaultCardId === paymentMethodId && before.defaultCardId !== paymentMethodId)
    events.push({ detailType: 'card.chosen', detail: describe('chosen', after, card) })
  if (detailsOf(card) !== detailsOf(known))
    events.push({ detailType: 'card.changed', detail: describe('changed', after, card) })
  if (card.toldDaysBefore && card.toldDaysBefore !== known.toldDaysBefore)
    events.push(expiringEvent(after, card, card.toldDaysBefore))
  return events
}

function removedEvent(before: Cards, after: Cards, card: Card): BusEvent {
  const role = roleOf(before, card.paymentMethodId)
  return { detailType: 'card.removed', detail: { ...describe('removed', after, card), role } }
}

function expiringEvent(after: Cards, card: Card, daysBefore: number): BusEvent {
  const detail = { ...describe('expiring', after, card), lastDay: lastDayOf(card), daysBefore }
  return { detailType: 'card.expiring', detail }
}

function describe(what: string, after: Cards, card: Card) {
  const { accountId, revision, changedAt = '' } = after
  const { paymentMethodId, brand, lastFour, expiresIn } = card
  return {
    id: `${accountId}/card.${what}/${paymentMethodId}/${revision}`,
    accountId,
    at: changedAt,
    paymentMethodId,
    brand,
    lastFour,
    expiresIn,
    role: roleOf(after, paymentMethodId),
  }
}

function detailsOf({ brand, lastFour, expiresIn }: Card): string {
  return [brand, lastFour, expiresIn].join()
}
