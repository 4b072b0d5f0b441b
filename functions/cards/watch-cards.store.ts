import type { AccountStore } from '../accounts/account.store.ts'
import { dayOf, type LocalDay } from '../accounts/local-day.ts'
import { log } from '../edge/log.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import { earliestToday } from './card-calendar.ts'
import type { CardStore } from './cards.store.ts'
import { backupCard, type Card, type Cards, defaultCard, noticeDueOn } from './cards.ts'
import { createCardRemoval } from './finish-removal.store.ts'

export type CardWatchOptions = {
  cards: CardStore
  due: { listDue(day: LocalDay): AsyncIterable<string[]> }
  accounts: Pick<AccountStore, 'read'>
  provider: () => Promise<Pick<PaymentProvider, 'forgetCard'>>
}

/**
 * Does what is due with cards. A notice is a write of the document, of which the table's stream tells the bus: so each goes
 * out once, whatever dies in between. A card that has no role, or is going, has none.
 */
export function createCardWatch({ cards, due, accounts, provider }: CardWatchOptions) {
  const removal = createCardRemoval({ cards, provider })

  /** Looks after every account that is due somewhere by now. One that fails keeps no other back; then this throws. */
  async function run(now: Date): Promise<number> {
    const at = now.toISOString()
    const failures: unknown[] = []
    let count = 0
    for await (const accountIds of due.listDue(earliestToday(at))) {
      for (const accountId of accountIds) {
        count += 1
        await lookAfter(accountId, at).catch((error: unknown) => {
          log.error('the cards of an account could not be looked after', { accountId, error: error as Error })
          failures.push(error)
        })
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `the cards of ${failures.length} of ${count} accounts`)
    return count
  }

  async function lookAfter(accountId: string, at: string): Promise<void> {
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId} has cards and no profile`)
    const today = dayOf(at, account.timeZone)
    const after = await cards.change(accountId, at, (before) => noteNotices(before, today))
    if (!(await removal.finish(after, at)))
      throw new Error(`account ${accountId}: the provider did not forget a card`)
  }

  return { run }
}

/** Notes of which end the default and the backup are told on that day, if of any. */
function noteNotices(before: Cards, today: LocalDay): Cards {
  const inUse = [defaultCard(before), backupCard(before)]
  const noticeOf = (card: Card) => (inUse.includes(card) ? noticeDueOn(card, today) : undefined)
  if (before.cards.every((card) => noticeOf(card) === undefined)) return before
  const cards = before.cards.map((card) => {
    const notice = noticeOf(card)
    return notice === undefined ? card : { ...card, toldDaysBefore: notice }
  })
  return { ...before, cards }
}
