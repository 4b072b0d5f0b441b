import { createHash } from 'node:crypto'
import { dayOf, type LocalDay } from '../accounts/local-day.ts'
import { backupCard, type Cards, defaultCard, noticesAhead } from './cards.ts'

/** Few enough that an hour with nothing due costs next to nothing, enough that the end of a month is spread. */
export const CARD_DUE_SHARDS = 8

/** The day begins here before anywhere else: by its calendar nothing that is due somewhere is missed. */
const EARLIEST_TIME_ZONE = 'Pacific/Kiritimati'

/** The day that it is by then in the first of all time zones. */
export function earliestToday(at: string): LocalDay {
  return dayOf(at, EARLIEST_TIME_ZONE)
}

/**
 * The next day on which something is to be done about an account's cards: a notice of the default's or backup's end, by
 * the account's own calendar, or a removal that was cut off. Undefined when nothing is.
 */
export function nextDueDay(cards: Cards): LocalDay | undefined {
  const removals = cards.cards.flatMap(({ removingSince }) => removingSince?.slice(0, 10) ?? [])
  const notices = [defaultCard(cards), backupCard(cards)].flatMap((card) => (card ? noticesAhead(card) : []))
  return [...removals, ...notices.map(({ dueOn }) => dueOn)].sort()[0]
}

export const cardDueShardKey = (shard: number) => `CARDS_DUE#${shard}`

/** Where an account's cards stand in the index of what is due: always in the same shard, by day. */
export function cardDueKeys(cards: Cards): { index2pk: string; index2sk: string } | undefined {
  const day = nextDueDay(cards)
  const shard = createHash('sha256').update(cards.accountId).digest()[0]! % CARD_DUE_SHARDS
  return day === undefined
    ? undefined
    : { index2pk: cardDueShardKey(shard), index2sk: `${day}#${cards.accountId}` }
}
