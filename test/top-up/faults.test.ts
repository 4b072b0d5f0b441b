import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { defaultCard } from '../../functions/cards/cards.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import type { PaymentProvider } from '../../functions/top-up/payment-provider.ts'
import type { TopUpRequest } from '../../functions/top-up/start-top-up.store.ts'
import { payCheckout } from '../../local/stripe.ts'
import { startPayments } from './payments.ts'

const UNIT = 1_000_000n
const MINUTE_MILLISECONDS = 60_000
const HOUR_MILLISECONDS = 60 * MINUTE_MILLISECONDS
const PAYS = '4242424242424242'
const ASKS_THE_BANK = '4000002760003184'
const TAKES_ITS_TIME = '4000000000000911'
const CHARGES = 'POST /v1/payment_intents'
const bySavedCard: Partial<TopUpRequest> = { paymentMethod: 'saved_card' }
let payments: Awaited<ReturnType<typeof startPayments>>

beforeAll(async () => {
  payments = await startPayments()
})
afterAll(() => payments.stop())
beforeEach(() => {
  payments.stripe.releaseFaults()
  payments.stripe.setDelivery({})
  payments.stripe.setWebhookUrl(payments.webhookUrl)
})

const ago = (milliseconds: number) => new Date(Date.now() - milliseconds)
const longAgo = () => ago(20 * MINUTE_MILLISECONDS)
/** From here on no event of the provider arrives. */
const loseEvents = () => payments.stripe.setDelivery({ lose: true })

/** An account with a saved card, and 10.00 of credit by it. */
async function openWithCard(cardNumber = PAYS) {
  const account = await payments.openAccount()
  const first = await payments.start(account, '10.00', { saveCard: true }, 'first')
  await payCheckout(first.paymentUrl!, PAYS)
  await payments.stripe.untilIdle()
  const { customerId, ...cards } = await payments.cards.read(account.accountId)
  const { paymentMethodId } = defaultCard(cards)!
  payments.stripe.setSavedCard(paymentMethodId, cardNumber)
  return { account, customerId: customerId!, paymentMethodId }
}

/** What the account has, which its entries prove, and in how many top-ups. */
async function creditOf({ accountId }: Account) {
  const head = (await payments.ledger.readHead(accountId))!
  const entries = await payments.entriesOf(accountId)
  expect(proveAccount(head, entries)).toEqual([])
  return { availableMicros: head.availableMicros, entries: entries.length }
}
const credit = (amountMicros: bigint, entries: number) => ({ availableMicros: amountMicros, entries })

const statusOf = async ({ accountId }: Account, topUpId: string) =>
  (await payments.topUps.read(accountId, topUpId))!.status

/** What the provider itself has taken by saved cards of a customer, in minor units. */
async function takenFrom(customerId: string): Promise<number[]> {
  const { data } = await payments.sdk.paymentIntents.list({ customer: customerId })
  return data.map((intent) => intent.amount_received)
}

/** The provider, with something that happens after it has done what was asked and before we hear of it. */
function beforeItsAnswer(happens: (answer: { paymentUrl?: string }) => Promise<unknown>): PaymentProvider {
  const { provider } = payments
  return {
    ...provider,
    async chargeSavedCard(request) {
      const answer = await provider.chargeSavedCard(request)
      await happens({})
      return answer
    },
    async openCheckout(request) {
      const answer = await provider.openCheckout(request)
      await happens(answer.ok ? { paymentUrl: answer.paymentUrl } : {})
      return answer
    },
  }
}

/** The provider takes the money, and no answer of it ever arrives: as after a time-out of the last try. */
function answersNothing(): PaymentProvider {
  const { provider } = payments
  return {
    ...provider,
    async chargeSavedCard(request) {
      await provider.chargeSavedCard(request)
      return { ok: false, reason: 'unavailable' }
    },
  }
}

const unavailable = { code: 'payment_provider_unavailable' }

describe('an event that comes before our own note of the payment', () => {
  it('credits a saved card once, and the note changes nothing of it', async () => {
    const { account } = await openWithCard()
    const quick = beforeItsAnswer(() => payments.stripe.untilIdle())
    const topUp = await payments.start(account, '7.00', bySavedCard, 'key-1', new Date(), quick)
    expect(topUp).toMatchObject({ status: 'settled', paymentId: expect.stringMatching(/^pi_/) })
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
    expect(await payments.start(account, '7.00', bySavedCard)).toEqual(topUp)
  })

  it('credits a page that was paid as soon as it was opened once', async () => {
    const account = await payments.openAccount()
    const quick = beforeItsAnswer(async ({ paymentUrl }) => {
      await payCheckout(paymentUrl!, PAYS)
      await payments.stripe.untilIdle()
    })
    const topUp = await payments.start(account, '5.00', {}, 'key-1', new Date(), quick)
    expect(topUp).toMatchObject({ status: 'settled', paymentId: expect.stringMatching(/^pi_/) })
    expect(await creditOf(account)).toEqual(credit(5n * UNIT, 1))
  })

  it('of a card whose bank wants to ask its holder opens one page', async () => {
    const { account } = await openWithCard(ASKS_THE_BANK)
    const quick = beforeItsAnswer(() => payments.stripe.untilIdle())
    const topUp = await payments.start(account, '7.00', bySavedCard, 'key-1', new Date(), quick)
    expect(topUp).toMatchObject({ status: 'processing', method: 'checkout' })
    await payCheckout(topUp.paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
  })
})

describe('events that come twice, newest first', () => {
  /** Lets everything that the provider has to tell wait until all of it has happened. */
  async function inDisorder(happens: () => Promise<unknown>) {
    payments.stripe.setWebhookUrl(undefined)
    payments.stripe.setDelivery({ duplicate: true, shuffle: true })
    await happens()
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
  }

  it('credit a saved card once', async () => {
    const { account } = await openWithCard()
    await inDisorder(() => payments.start(account, '7.00', bySavedCard))
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
  })

  it.each([
    ['succeeds', 'settled', credit(5n * UNIT, 1)],
    ['fails', 'failed', credit(0n, 0)],
  ] as const)('leave a page whose payment %s after a while %s', async (outcome, status, expected) => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    await inDisorder(async () => {
      await payCheckout(topUp.paymentUrl!, TAKES_ITS_TIME)
      const session = await payments.sdk.checkout.sessions.retrieve(topUp.sessionId!)
      payments.stripe.controls.settlePayment(String(session.payment_intent), outcome)
    })
    expect(await statusOf(account, topUp.topUpId)).toBe(status)
    expect(await creditOf(account)).toEqual(expected)
  })
})

describe('a payment that succeeds after we gave up', () => {
  it('is credited by its event when it had failed', async () => {
    const { account, paymentMethodId } = await openWithCard(TAKES_ITS_TIME)
    const { topUpId, paymentId } = await payments.start(account, '7.00', bySavedCard)
    payments.stripe.controls.settlePayment(paymentId!, 'fails')
    await payments.stripe.untilIdle()
    expect(await statusOf(account, topUpId)).toBe('failed')
    // Somebody tries the same payment once more, at the provider.
    payments.stripe.setSavedCard(paymentMethodId, PAYS)
    await payments.sdk.paymentIntents.confirm(paymentId!, {
      payment_method: paymentMethodId,
      off_session: true,
    })
    await payments.stripe.untilIdle()
    expect(await statusOf(account, topUpId)).toBe('settled')
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
  })

  it('is credited by its event when it had expired', async () => {
    const account = await payments.openAccount()
    const { topUpId, accountId, sessionId, paymentUrl } = await payments.start(account, '5.00')
    payments.stripe.controls.sendEvent('checkout.session.expired', {
      id: sessionId,
      object: 'checkout.session',
      metadata: { accountId, topUpId, purpose: 'top_up' },
      status: 'expired',
      payment_status: 'unpaid',
      payment_intent: null,
      amount_total: 500,
      currency: 'usd',
    })
    await payments.stripe.untilIdle()
    expect(await statusOf(account, topUpId)).toBe('expired')
    await payCheckout(paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    expect(await statusOf(account, topUpId)).toBe('settled')
    expect(await creditOf(account)).toEqual(credit(5n * UNIT, 1))
  })

  it('is found by the schedule when the card had failed, and its page was paid without a word', async () => {
    const { account } = await openWithCard(ASKS_THE_BANK)
    loseEvents()
    const topUp = await payments.start(account, '7.00', bySavedCard, 'key-1', longAgo())
    await payCheckout(topUp.paymentUrl!, PAYS)
    await payments.reconcile()
    expect(await statusOf(account, topUp.topUpId)).toBe('settled')
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
  })

  it('is not given up a day later by who asks again, before the provider was asked: the schedule credits it', async () => {
    const { account, customerId } = await openWithCard()
    loseEvents()
    const yesterday = ago(24 * HOUR_MILLISECONDS)
    await expect(
      payments.start(account, '7.00', bySavedCard, 'key-1', yesterday, answersNothing()),
    ).rejects.toMatchObject(unavailable)
    payments.stripe.addFault({ endpoint: 'GET /v1/payment_intents', kind: 'error_before', times: 3 })
    await expect(payments.start(account, '7.00', bySavedCard)).rejects.toMatchObject(unavailable)
    const { status, topUpId } = await payments.start(account, '7.00', bySavedCard)
    expect(status).toBe('created')
    await payments.reconcile()
    expect(await statusOf(account, topUpId)).toBe('settled')
    expect(await takenFrom(customerId)).toEqual([700, 1000])
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
  })
})

describe('money that the provider took while its answer was lost', () => {
  const start = (account: Account, at?: PaymentProvider) =>
    payments.start(account, '7.00', bySavedCard, 'key-1', longAgo(), at)

  it('is the same payment when the client sends its request again', async () => {
    const { account, customerId } = await openWithCard()
    payments.stripe.setWebhookUrl(undefined)
    await expect(start(account, answersNothing())).rejects.toMatchObject(unavailable)
    expect(await start(account)).toMatchObject({ status: 'processing', paymentId: expect.any(String) })
    expect(await takenFrom(customerId)).toEqual([700, 1000])
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
  })

  it('is found by the schedule when nobody asks again and no event comes', async () => {
    const { account, customerId } = await openWithCard()
    loseEvents()
    await expect(start(account, answersNothing())).rejects.toMatchObject(unavailable)
    await payments.reconcile()
    await payments.reconcile()
    expect(await takenFrom(customerId)).toEqual([700, 1000])
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
    expect(await start(account)).toMatchObject({ status: 'settled' })
  })

  it('is credited once when the 500 is repeated for its key, and a new key is a new payment', async () => {
    const { account, customerId } = await openWithCard()
    loseEvents()
    payments.stripe.addFault({ endpoint: CHARGES, kind: 'error_after' })
    for (const _ of [1, 2, 3]) await expect(start(account)).rejects.toMatchObject(unavailable)
    expect(await takenFrom(customerId)).toEqual([700, 1000])
    await payments.reconcile()
    expect(await creditOf(account)).toEqual(credit(17n * UNIT, 2))
    expect(await start(account)).toMatchObject({ status: 'settled' })
    await payments.start(account, '8.00', bySavedCard, 'key-2', longAgo())
    await payments.reconcile()
    expect(await takenFrom(customerId)).toEqual([800, 700, 1000])
    expect(await creditOf(account)).toEqual(credit(25n * UNIT, 3))
  })

  it('of a page costs nothing when the 500 is repeated for its key: nobody has its address, and it ends', async () => {
    const account = await payments.openAccount()
    payments.stripe.addFault({ endpoint: 'POST /v1/checkout/sessions', kind: 'error_after' })
    const almostADayAgo = ago(22.9 * HOUR_MILLISECONDS)
    const open = (now: Date) => payments.start(account, '5.00', {}, 'key-1', now)
    for (const _ of [1, 2]) await expect(open(almostADayAgo)).rejects.toMatchObject(unavailable)
    expect(await open(new Date(Date.now() + 0.2 * HOUR_MILLISECONDS))).toMatchObject({ status: 'expired' })
    expect(await creditOf(account)).toEqual(credit(0n, 0))
    const anew = await payments.start(account, '5.00', {}, 'key-2')
    await payCheckout(anew.paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    expect(await creditOf(account)).toEqual(credit(5n * UNIT, 1))
  })
})
