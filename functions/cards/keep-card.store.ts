import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'
import { addCard, type Cards, removeCard } from './cards.ts'

export type OwnedCard = { accountId: string; paymentMethodId: string }

export type CardKeeper = ReturnType<typeof createCardKeeper>

/**
 * Brings an account's cards to what the provider keeps. Whatever is said of a card, in whatever order and however often, the
 * card is read at the provider as it is now: after the document was read and before it is replaced, so that a card that was
 * removed meanwhile does not come back.
 */
export function createCardKeeper({
  cards,
  provider,
}: {
  cards: Pick<CardStore, 'change' | 'noteOwner' | 'findOwner'>
  provider: () => Promise<Pick<PaymentProvider, 'readCard' | 'forgetCard'>>
}) {
  /** Keeps a card of the account's own customer. One of another customer is refused: it is logged, and nothing is written. */
  async function keep({ accountId, paymentMethodId }: OwnedCard, at: string): Promise<void> {
    await bringUpToDate(accountId, paymentMethodId, at)
  }

  /** A card has changed at the provider, or is gone there. */
  async function refresh({ paymentMethodId }: Pick<OwnedCard, 'paymentMethodId'>, at: string): Promise<void> {
    const accountId = await cards.findOwner(paymentMethodId)
    if (!accountId) return log.info('news of a card that is no account’s', { paymentMethodId })
    await bringUpToDate(accountId, paymentMethodId, at)
  }

  async function bringUpToDate(accountId: string, paymentMethodId: string, at: string): Promise<void> {
    const after = await cards.change(accountId, async (before) => {
      const read = await (await provider()).readCard(paymentMethodId)
      if (read.ok && read.card.customerId !== before.customerId) {
        log.error('a card was saved for a customer that is not the account’s; it is not kept', {
          accountId,
          paymentMethodId,
          customerId: read.card.customerId,
        })
        return before
      }
      if (read.ok) {
        await cards.noteOwner(paymentMethodId, accountId)
        return addCard(before, read.card, at)
      }
      if (read.reason === 'unavailable') throw unavailable()
      return removeCard(before, paymentMethodId, at)
    })
    await finishRemovals(after, at)
  }

  /** Lets the provider forget the cards that are going, and forgets each after that. Throws `busy` when it does not answer. */
  async function finishRemovals({ accountId, cards: all }: Cards, at: string): Promise<void> {
    for (const { paymentMethodId, status } of all) {
      if (status !== 'removing') continue
      const forgotten = await (await provider()).forgetCard(paymentMethodId)
      if (!forgotten.ok) throw unavailable()
      await cards.change(accountId, (before) => removeCard(before, paymentMethodId, at))
    }
  }

  return { keep, refresh, finishRemovals }
}

function unavailable(): Problem {
  return new Problem('busy', 'The payment provider did not answer; this has to come again.')
}
