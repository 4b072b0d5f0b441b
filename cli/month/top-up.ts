import { parseAmount } from '../../functions/ledger/money.ts'
import { payCheckout } from '../../local/stripe/pay-checkout.ts'
import type { Callers, Machine } from './machine.ts'
import { CURRENCY, type OpenedAccount } from './set-up.ts'

/** The provider's test card that is always paid. */
const CARD_THAT_IS_PAID = '4242424242424242'

/**
 * Tops an account up as its owner would: asks for a payment, pays on the provider's page, and waits until the provider's
 * signed event has raised the balance. Returns what was paid: nothing when this top-up was settled before.
 */
export async function topUp(
  machine: Machine,
  callers: Callers,
  account: OpenedAccount,
  amount: string,
  idempotencyKey: string,
): Promise<bigint> {
  const owner = callers.person(account.ownerEmail)
  const path = `/v1/accounts/${account.accountId}/top-ups`
  const asked = await owner.send<{ topUpId: string; status: string; paymentUrl: string }>('POST', path, {
    body: { amount, currency: CURRENCY },
    idempotencyKey,
  })
  const before = await owner.get<{ status: string }>(`${path}/${asked.topUpId}`)
  if (before.status === 'settled') return 0n
  const outcome = await payCheckout(asked.paymentUrl, CARD_THAT_IS_PAID)
  if (!outcome.paid) throw new Error(`the test card was not taken: ${outcome.message}`)
  await machine.waitUntilIdle()
  const after = await owner.get<{ status: string }>(`${path}/${asked.topUpId}`)
  if (after.status !== 'settled') throw new Error(`top-up ${asked.topUpId} was paid, and is ${after.status}`)
  return parseAmount(amount)!
}
