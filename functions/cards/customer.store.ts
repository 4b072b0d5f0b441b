import { Problem } from '../edge/problem.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'

/**
 * The account's one customer at the provider, made when it is first needed. Asked for by the account's id, which is the
 * provider's idempotency key; and whichever customer was noted first stays, so that there is one even when two ask at once
 * and the provider has forgotten the key. Throws `payment_provider_unavailable`.
 */
export async function requireCustomer(
  cards: Pick<CardStore, 'read' | 'change'>,
  provider: () => Promise<Pick<PaymentProvider, 'createCustomer'>>,
  { accountId, at }: { accountId: string; at: string },
): Promise<string> {
  const { customerId } = await cards.read(accountId)
  if (customerId) return customerId
  const made = await (await provider()).createCustomer(accountId)
  if (!made.ok) {
    throw new Problem(
      'payment_provider_unavailable',
      'Send the same request with the same Idempotency-Key again.',
    )
  }
  const noted = await cards.change(accountId, at, (before) =>
    before.customerId ? before : { ...before, customerId: made.customerId },
  )
  return noted.customerId!
}
