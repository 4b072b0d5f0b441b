import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'
import { type Cards, removeCard } from './cards.ts'

/** The second half of every removal, from wherever it was cut off. */
export function createCardRemoval({
  cards,
  provider,
}: {
  cards: Pick<CardStore, 'change'>
  provider: () => Promise<Pick<PaymentProvider, 'forgetCard'>>
}) {
  /**
   * Lets the provider forget the cards that are going, and forgets each after that. False when the provider did not answer
   * for one of them: it is still going.
   */
  async function finish({ accountId, cards: all }: Cards, at: string): Promise<boolean> {
    let isFinished = true
    for (const { paymentMethodId, status } of all) {
      if (status !== 'removing') continue
      const { ok } = await (await provider()).forgetCard(paymentMethodId)
      if (ok) await cards.change(accountId, at, (before) => removeCard(before, paymentMethodId))
      isFinished &&= ok
    }
    return isFinished
  }

  return { finish }
}
