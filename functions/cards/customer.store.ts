import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import type { CardStore } from './cards.store.ts'
import { withoutCustomer } from './cards.ts'

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
  const { customerId, goneCustomerId } = await cards.read(accountId)
  if (customerId) return customerId
  const made = await (await provider()).createCustomer(accountId, goneCustomerId)
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

/** Notes that the provider has deleted a customer: its cards go with it, and the next one that is needed is another. */
export async function loseCustomer(
  cards: Pick<CardStore, 'change'>,
  { accountId, customerId, at }: { accountId: string; customerId: string; at: string },
): Promise<void> {
  log.error('the payment provider has deleted a customer, and its cards', { accountId, customerId })
  await cards.change(accountId, at, (before) => withoutCustomer(before, customerId))
}
