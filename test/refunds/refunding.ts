import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../../functions/accounts/account.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { createRefunding } from '../../functions/refunds/refunding.store.ts'
import { payCheckout } from '../../local/stripe.ts'
import type { startPayments } from '../top-up/payments.ts'

export type Payments = Awaited<ReturnType<typeof startPayments>>
export const PAYS = '4242424242424242'

/** All that refunds, around one client and one provider. */
export function refundingThrough(
  payments: Payments,
  {
    client = payments.database.client,
    provider = payments.provider,
  }: { client?: DynamoDBDocumentClient; provider?: Payments['provider'] } = {},
) {
  const refunding = createRefunding({ ...payments.database, client, provider: async () => provider })
  return {
    ...refunding,
    refund: (
      { account, topUpId }: PaidIn,
      amount: string,
      { key = 'key-1', actor = 'person:1', now = new Date(), currency = account.currency } = {},
    ) =>
      refunding.request({
        ...{ account, topUpId, actor, now },
        request: { amount, currency, reason: 'Asked for by the client' },
        idempotencyKey: key,
      }),
  }
}

export type PaidIn = { account: Account; topUpId: string; paymentId: string }

/** An account with one top-up that is paid and credited. */
export async function payIn(payments: Payments, amount = '10.00', cardNumber = PAYS, currency = 'USD') {
  const account = await payments.openAccount(currency)
  return payInMore(payments, account, amount, 'first', cardNumber)
}

export async function payInMore(
  payments: Payments,
  account: Account,
  amount: string,
  key: string,
  cardNumber = PAYS,
): Promise<PaidIn> {
  const topUp = await payments.start(account, amount, {}, key)
  await payCheckout(topUp.paymentUrl!, cardNumber)
  await payments.stripe.untilIdle()
  const { paymentId } = (await payments.topUps.read(account.accountId, topUp.topUpId))!
  return { account, topUpId: topUp.topUpId, paymentId: paymentId! }
}

/** Credit is used, in its order. */
export async function spend(payments: Payments, { accountId }: Account, amountMicros: bigint, key = 'spent') {
  const posted = await payments.ledger.post<{ ok: false; reason: 'too_little' }>({
    accountId,
    key: `charge:${key}`,
    at: new Date().toISOString(),
    decide: (head) =>
      head.availableMicros < amountMicros
        ? { ok: false, reason: 'too_little' }
        : {
            ok: true,
            draft: {
              kind: 'charge',
              postings: [
                { account: 'client:available', amountMicros: -amountMicros },
                { account: 'revenue:charge', amountMicros },
              ],
              reason: 'A call',
              actor: 'machine:switch',
              detail: {},
            },
          },
  })
  return posted.ok
}

/** Where an account stands, after its history is proven. */
export async function stateOf(payments: Payments, { account, topUpId }: PaidIn) {
  const head = (await payments.ledger.readHead(account.accountId))!
  const entries = await payments.entriesOf(account.accountId)
  if (proveAccount(head, entries).length > 0) throw new Error(proveAccount(head, entries).join())
  const topUp = (await payments.topUps.read(account.accountId, topUpId))!
  const cashMicros = entries
    .flatMap(({ postings }) => postings)
    .filter((line) => line.account === 'cash:stripe')
    .reduce((sum, line) => sum - line.amountMicros, 0n)
  return {
    availableMicros: head.availableMicros,
    receivableMicros: head.receivableMicros,
    refundedMicros: topUp.refundedMicros,
    cashMicros,
    kinds: entries.map(({ kind }) => kind),
  }
}

/** What of a payment the provider has sent back, and not got back again. */
export async function refundedAtProvider(payments: Payments, { paymentId }: PaidIn) {
  const found = await payments.provider.lookUpRefunds(paymentId)
  if (!found.ok) throw new Error('the provider does not answer')
  return found.refunds
    .filter(({ status }) => status !== 'failed')
    .reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
}
