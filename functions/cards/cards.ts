import { z } from 'zod'
import { addDays, endOfMonth, type LocalDay } from '../accounts/local-day.ts'
import type { ProviderCard } from '../top-up/payment-provider.ts'

export const paymentMethodIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of a payment method such as "pm_…"')

/** `kept`: it can pay. `removing`: it pays nothing any more, and the provider is being told to forget it. */
export const CARD_STATUSES = ['kept', 'removing'] as const
export type CardStatus = (typeof CARD_STATUSES)[number]
export const CARD_TRANSITIONS = {
  kept: ['removing'],
  removing: [],
} as const satisfies Record<CardStatus, readonly CardStatus[]>
export const CARD_MEANINGS: Record<CardStatus, string> = {
  kept: 'The card can pay, up to the end of its last month.',
  removing: 'It pays nothing any more; once the provider has forgotten it, nothing is left of it here.',
}

/** Before the end of a card's last month its account is told so many days ahead. */
export const CARD_NOTICE_DAYS = [30, 7] as const
/** What a card was told of: a notice so many days ahead, or (0) that its last month is over, of which nobody is told. */
export type CardNotice = (typeof CARD_NOTICE_DAYS)[number] | 0

/** Cards that one account may keep. */
export const MOST_CARDS = 10

/** A card that the provider keeps for an account: what a person recognises it by, never its number. */
export type Card = Omit<ProviderCard, 'customerId' | 'createdAt'> & {
  /** When the provider began to keep it: of two entries of one card the older gives way, whichever we hear of first. */
  savedAt: string
  status: CardStatus
  /** When it became `removing`. */
  removingSince?: string
  /** The last notice of the end of this very `expiresIn`. */
  toldDaysBefore?: CardNotice
}

/**
 * The cards of an account; one document. `defaultCardId` pays, and `backupCardId` where it cannot: both are kept cards, and
 * never the same.
 */
export type Cards = {
  accountId: string
  /** The account's one customer at the provider; absent before one was needed. */
  customerId?: string
  /** The one before, which somebody has deleted there. */
  goneCustomerId?: string
  cards: readonly Card[]
  defaultCardId?: string
  backupCardId?: string
  /** When it was last written, and how often. */
  changedAt?: string
  revision: bigint
}

export type CardRefusal = { ok: false; reason: 'card_not_found' | 'card_is_default' }
export type CardsDecision = { ok: true; cards: Cards } | CardRefusal

export const noCards = (accountId: string): Cards => ({
  accountId,
  cards: [],
  revision: 0n,
})

/** The cards that can be seen and chosen: all but those that are going. */
export function keptCards({ cards }: Cards): Card[] {
  return cards.filter(({ status }) => status === 'kept')
}

/** A kept card by its id. */
export function findCard(cards: Cards, paymentMethodId: string | undefined): Card | undefined {
  return keptCards(cards).find((card) => card.paymentMethodId === paymentMethodId)
}

export const defaultCard = (cards: Cards) => findCard(cards, cards.defaultCardId)
export const backupCard = (cards: Cards) => findCard(cards, cards.backupCardId)

/** The last day on which a card can be used. */
export function lastDayOf({ expiresIn }: Pick<Card, 'expiresIn'>): LocalDay {
  return endOfMonth(expiresIn)
}

/** Whether a card's last month is over on that day. An expired card is never charged automatically. */
export function isExpired(card: Pick<Card, 'expiresIn'>, today: LocalDay): boolean {
  return today > lastDayOf(card)
}

/**
 * Takes in a card as the provider has it now, however often it is told of: new, or with new details. The first card, or one
 * that comes while there is no default, becomes the default. Two entries of the same card (one fingerprint) are one: the
 * newer takes the place and the roles of the older, which goes. One that comes when there are ten already goes at once.
 */
export function addCard(before: Cards, provided: ProviderCard, at: string): Cards {
  const known = before.cards.find(({ paymentMethodId }) => paymentMethodId === provided.paymentMethodId)
  if (known?.status === 'removing') return before
  if (known) return renewed(before, known, provided)
  const card = toCard(provided)
  const same = sameCard(before, card)
  if (same && isOlder(card, same)) return { ...before, cards: [...before.cards, going(card, at)] }
  if (same) return replaced(before, same, card, at)
  if (keptCards(before).length >= MOST_CARDS) return { ...before, cards: [...before.cards, going(card, at)] }
  const defaultCardId = before.defaultCardId ?? card.paymentMethodId
  return { ...before, cards: [...before.cards, card], defaultCardId }
}

/** Begins to remove a card: from now on it pays nothing. Removing the default promotes the backup. */
export function beginRemoval(before: Cards, paymentMethodId: string, at: string): Cards {
  const card = findCard(before, paymentMethodId)
  if (!card) return before
  const cards = before.cards.map((other) => (other === card ? going(card, at) : other))
  return withoutRoles({ ...before, cards }, paymentMethodId)
}

/** Forgets a card that the provider does not keep any more, whether we had asked for that or not. */
export function removeCard(before: Cards, paymentMethodId: string): Cards {
  if (!before.cards.some((card) => card.paymentMethodId === paymentMethodId)) return before
  const cards = before.cards.filter((card) => card.paymentMethodId !== paymentMethodId)
  return withoutRoles({ ...before, cards }, paymentMethodId)
}

/** Forgets a customer that is gone at the provider, with all its cards; of another than the account's, nothing. */
export function withoutCustomer(before: Cards, customerId: string): Cards {
  if (before.customerId !== customerId) return before
  const nothing = { customerId: undefined, cards: [], defaultCardId: undefined, backupCardId: undefined }
  return { ...before, ...nothing, goneCustomerId: customerId }
}

/** Makes a card the default. If it was the backup, the two change places. */
export function chooseDefault(before: Cards, paymentMethodId: string): CardsDecision {
  if (!findCard(before, paymentMethodId)) return { ok: false, reason: 'card_not_found' }
  if (before.defaultCardId === paymentMethodId) return { ok: true, cards: before }
  const wasBackup = before.backupCardId === paymentMethodId
  const backupCardId = wasBackup ? before.defaultCardId : before.backupCardId
  const cards = { ...before, defaultCardId: paymentMethodId, backupCardId }
  return { ok: true, cards }
}

/** Makes a card the backup; the default cannot be its own. */
export function chooseBackup(before: Cards, paymentMethodId: string): CardsDecision {
  if (!findCard(before, paymentMethodId)) return { ok: false, reason: 'card_not_found' }
  if (before.defaultCardId === paymentMethodId) return { ok: false, reason: 'card_is_default' }
  if (before.backupCardId === paymentMethodId) return { ok: true, cards: before }
  return { ok: true, cards: { ...before, backupCardId: paymentMethodId } }
}

/** Lets a card be no backup any more; what has no role stays as it is, and the default stays until another is chosen. */
export function chooseNone(before: Cards, paymentMethodId: string): CardsDecision {
  if (!findCard(before, paymentMethodId)) return { ok: false, reason: 'card_not_found' }
  if (before.defaultCardId === paymentMethodId) return { ok: false, reason: 'card_is_default' }
  if (before.backupCardId !== paymentMethodId) return { ok: true, cards: before }
  return { ok: true, cards: { ...before, backupCardId: undefined } }
}

/** Every notice that a card may still have, with the day on which it is due. */
export function noticesAhead(card: Card): { notice: CardNotice; dueOn: LocalDay }[] {
  const notices = CARD_NOTICE_DAYS.map((notice) => ({ notice, dueOn: addDays(lastDayOf(card), -notice) }))
  return [...notices, { notice: 0 as const, dueOn: addDays(lastDayOf(card), 1) }].filter(
    ({ notice }) => card.toldDaysBefore === undefined || notice < card.toldDaysBefore,
  )
}

/** The newest notice whose day has come: of several that were missed only the last is worth telling. */
export function noticeDueOn(card: Card, today: LocalDay): CardNotice | undefined {
  return noticesAhead(card).findLast(({ dueOn }) => dueOn <= today)?.notice
}

function toCard({ customerId, createdAt, ...card }: ProviderCard): Card {
  return { ...card, savedAt: createdAt, status: 'kept' }
}

function going(card: Card, at: string): Card {
  return { ...card, status: 'removing', removingSince: at }
}

function sameCard(cards: Cards, { fingerprint }: Card): Card | undefined {
  return fingerprint === undefined
    ? undefined
    : keptCards(cards).find((card) => card.fingerprint === fingerprint)
}

/** Saved earlier; of two that were saved in the same second, the one whose id sorts first, so that all agree. */
function isOlder(card: Card, other: Card): boolean {
  if (card.savedAt !== other.savedAt) return card.savedAt < other.savedAt
  return card.paymentMethodId < other.paymentMethodId
}

/** A renewed card begins its notices anew. */
function renewed(before: Cards, known: Card, provided: ProviderCard): Cards {
  const isSame = known.expiresIn === provided.expiresIn
  const card = { ...toCard(provided), toldDaysBefore: isSame ? known.toldDaysBefore : undefined }
  return { ...before, cards: before.cards.map((other) => (other === known ? card : other)) }
}

function replaced(before: Cards, older: Card, newer: Card, at: string): Cards {
  const inPlace = before.cards.map((card) => (card === older ? newer : card))
  const inRole = (id: string | undefined) => (id === older.paymentMethodId ? newer.paymentMethodId : id)
  return {
    ...before,
    cards: [...inPlace, going(older, at)],
    defaultCardId: inRole(before.defaultCardId),
    backupCardId: inRole(before.backupCardId),
  }
}

function withoutRoles(cards: Cards, paymentMethodId: string): Cards {
  const backupCardId = cards.backupCardId === paymentMethodId ? undefined : cards.backupCardId
  if (cards.defaultCardId !== paymentMethodId) return { ...cards, backupCardId }
  return { ...cards, defaultCardId: backupCardId, backupCardId: undefined }
}
