import type { Account } from '../../functions/accounts/account.ts'
import { createTopUpStore } from '../../functions/top-up/top-up.store.ts'
import { UNIT } from '../plans/plan-account.ts'
import type { TestDatabase } from '../support/database.ts'

/** A checkout that waits for its payment. */
export async function startTopUp(database: TestDatabase, account: Account, index: number, units: number) {
  const topUpId = `top_${String(index).padStart(22, '0')}`
  await createTopUpStore(database).create({
    topUpId,
    accountId: account.accountId,
    status: 'processing',
    amountMicros: BigInt(units) * UNIT,
    currency: 'USD',
    requestedMethod: 'checkout',
    method: 'checkout',
    saveCard: false,
    requestHash: 'h',
    actor: 'person:1',
    createdAt: '2026-11-30T22:00:00.000Z',
  })
  return { account, topUpId, units }
}

/** The provider's word that it is paid. */
export function paymentOf({ account, topUpId, units }: { account: Account; topUpId: string; units: number }) {
  return {
    eventId: `evt_${topUpId}`,
    eventType: 'payment_intent.succeeded',
    occurredAt: '2026-11-30T22:00:00.000Z',
    topUpId,
    accountId: account.accountId,
    outcome: 'paid' as const,
    about: 'payment' as const,
    paymentId: 'pi_1',
    amountMicros: BigInt(units) * UNIT,
    currency: 'USD',
  }
}
