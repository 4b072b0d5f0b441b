import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'
import { beginRemoval, type Cards, chooseBackup, chooseDefault, chooseNone } from './cards.ts'
import { createCardRemoval } from './finish-removal.store.ts'
import type { CardRole } from './present-cards.ts'

type Chosen = { accountId: string; paymentMethodId: string; at: string }

const CHOICES = { default: chooseDefault, backup: chooseBackup, none: chooseNone }

/** What an account's people do with its cards. Of two at once each decides on what the other has left. */
export function createCardChanges({
  cards,
  provider,
}: {
  cards: CardStore
  provider: () => Promise<Pick<PaymentProvider, 'forgetCard'>>
}) {
  const removal = createCardRemoval({ cards, provider })

  /** Gives a card its role; the cards after it come back. Throws `card_not_found`, `card_is_default`. */
  function chooseRole({ accountId, paymentMethodId, role, at }: Chosen & { role: CardRole }): Promise<Cards> {
    return cards.change(accountId, at, (before) => {
      const decision = CHOICES[role](before, paymentMethodId)
      if (decision.ok) return decision.cards
      if (decision.reason === 'card_not_found') throw notFound(accountId, paymentMethodId)
      throw new Problem('card_is_default', 'Make another card the default first, or remove this one.')
    })
  }

  /**
   * Removes a card: from the first write on it pays nothing. That the provider forgets it comes after, and is made up for
   * within the hour where it does not answer or the process ends. Throws `card_not_found`.
   */
  async function remove({ accountId, paymentMethodId, at }: Chosen): Promise<void> {
    const after = await cards.change(accountId, at, (before) => {
      if (!before.cards.some((card) => card.paymentMethodId === paymentMethodId))
        throw notFound(accountId, paymentMethodId)
      return beginRemoval(before, paymentMethodId, at)
    })
    const isFinished = await removal.finish(after, at)
    if (!isFinished)
      log.warn('a removed card is still to be forgotten by the provider', { accountId, paymentMethodId })
  }

  return { chooseRole, remove }
}

function notFound(accountId: string, paymentMethodId: string): Problem {
  return new Problem('card_not_found', `Account ${accountId} has no card ${paymentMethodId}.`)
}
