import { Problem } from '../edge/problem.ts'
import { idFromKey } from '../edge/request-id.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'
import { keptCards, MOST_CARDS } from './cards.ts'
import { loseCustomer, requireCustomer } from './customer.store.ts'

export type CardSetupAsked = { accountId: string; idempotencyKey: string; returnUrl: string; at: string }

/** Opens the provider's page on which a card is entered. What is saved there comes back as the provider's signed event. */
export function createCardSetup({
  cards,
  provider,
}: {
  cards: Pick<CardStore, 'read' | 'change'>
  provider: () => Promise<Pick<PaymentProvider, 'createCustomer' | 'openCardSetup'>>
}) {
  /**
   * The page of this account and idempotency key: for as long as the provider knows the key (a day) a repeat gives the
   * same one, and after that a new one does no harm. Throws `too_many_cards`, `customer_gone`,
   * `payment_provider_unavailable`.
   */
  async function open({ accountId, idempotencyKey, returnUrl, at }: CardSetupAsked) {
    if (keptCards(await cards.read(accountId)).length >= MOST_CARDS)
      throw new Problem('too_many_cards', `An account keeps ${MOST_CARDS} cards at most: remove one first.`)
    const customerId = await requireCustomer(cards, provider, { accountId, at })
    const setupId = idFromKey('crd', accountId, idempotencyKey)
    const request = { setupId, accountId, customerId, doneUrl: doneUrlOf(returnUrl), cancelledUrl: returnUrl }
    const opened = await (await provider()).openCardSetup(request)
    if (!opened.ok && opened.reason === 'customer_gone') {
      await loseCustomer(cards, { accountId, customerId, at })
      throw new Problem('customer_gone', 'Send it again with a new Idempotency-Key: it opens a page then.')
    }
    if (!opened.ok) {
      throw new Problem(
        'payment_provider_unavailable',
        'Send the same request with the same Idempotency-Key again.',
      )
    }
    return { setupId, setupUrl: opened.setupUrl }
  }

  return { open }
}

/** The page says there that the card is saved. */
function doneUrlOf(returnUrl: string): string {
  const done = new URL(returnUrl)
  done.searchParams.set('card', 'saved')
  return done.href
}
