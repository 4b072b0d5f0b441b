import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'
import { addCard, removeCard } from './cards.ts'
import { createCardRemoval } from './finish-removal.store.ts'

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
  const removal = createCardRemoval({ cards, provider })

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
    const after = await cards.change(accountId, at, async (before) => {
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
      return removeCard(before, paymentMethodId)
    })
    if (!(await removal.finish(after, at))) throw unavailable()
  }

  return { keep, refresh }
}

function unavailable(): Problem {
  return new Problem('busy', 'The payment provider did not answer; this has to come again.')
}
