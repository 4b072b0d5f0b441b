import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { log } from '../../functions/edge/log.ts'
import { Problem } from '../../functions/edge/problem.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import {
  type ReconciledList,
  reconcileList,
  STUCK_MESSAGE,
} from '../../functions/top-up/reconcile-list.store.ts'
import type { TopUpRequest } from '../../functions/top-up/start-top-up.store.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'
import { createWatchListStore } from '../../functions/top-up/watch-list.store.ts'
import { payCheckout } from '../../local/stripe.ts'
import { startPayments } from './payments.ts'

const UNIT = 1_000_000n
const MINUTE_MILLISECONDS = 60_000
const HOUR_MILLISECONDS = 60 * MINUTE_MILLISECONDS
const PAYS = '4242424242424242'
const IS_DECLINED = '4000000000000002'
const TAKES_ITS_TIME = '4000000000000911'
const bySavedCard: Partial<TopUpRequest> = { paymentMethod: 'saved_card' }
let payments: Awaited<ReturnType<typeof startPayments>>

beforeAll(async () => {
  payments = await startPayments()
})
afterAll(() => payments.stop())
beforeEach(() => {
  payments.stripe.releaseFaults()
  payments.stripe.setDelivery({})
})
afterEach(() => vi.restoreAllMocks())

const ago = (milliseconds: number) => new Date(Date.now() - milliseconds)
const longAgo = () => ago(20 * MINUTE_MILLISECONDS)

async function stateOf({ accountId }: Account, topUpId: string) {
  const head = (await payments.ledger.readHead(accountId))!
  expect(proveAccount(head, await payments.entriesOf(accountId))).toEqual([])
  const { status } = (await payments.topUps.read(accountId, topUpId))!
  return { status, availableMicros: head.availableMicros }
}

/** From here on no event of the provider arrives. */
const loseEvents = () => payments.stripe.setDelivery({ lose: true })

/** An account with a saved card, and 10.00 of credit by it. */
async function openWithCard(cardNumber = PAYS) {
  const account = await payments.openAccount()
  const first = await payments.start(account, '10.00', { saveCard: true }, 'first')
  await payCheckout(first.paymentUrl!, PAYS)
  await payments.stripe.untilIdle()
  const { cards } = (await payments.cards.read(account.accountId))!
  payments.stripe.setSavedCard(cards[0]!.paymentMethodId, cardNumber)
  return account
}

/** The id of the one top-up of an account that was asked for with the key of `start`. */
async function newestOf(account: Account): Promise<TopUp> {
  const topUps = await payments.topUps.list(account.accountId, { limit: 10 })
  return topUps.find(({ amountMicros }) => amountMicros === 7n * UNIT)!
}

/** Begins a payment of 7.00 whose start is cut off. */
async function cutOff(account: Account, more: Partial<TopUpRequest> = bySavedCard, now = longAgo()) {
  await expect(payments.start(account, '7.00', more, 'cut-off', now)).rejects.toMatchObject({
    code: 'payment_provider_unavailable',
  })
  const topUp = await newestOf(account)
  expect(topUp).toMatchObject({ status: 'created' })
  return topUp.topUpId
}

describe('the schedule that asks the provider', () => {
  it('credits a checkout that was paid and of which no event came, and once when they come after all', async () => {
    const account = await payments.openAccount()
    payments.stripe.setWebhookUrl(undefined)
    const { topUpId, paymentUrl } = await payments.start(account, '5.00', {}, 'key-1', longAgo())
    await payCheckout(paymentUrl!, PAYS)
    await payments.reconcile()
    expect(await stateOf(account, topUpId)).toEqual({ status: 'settled', availableMicros: 5n * UNIT })
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    await payments.reconcile()
    expect(await stateOf(account, topUpId)).toEqual({ status: 'settled', availableMicros: 5n * UNIT })
  })

  it('leaves what is still open there, and what is younger than ten minutes', async () => {
    const account = await payments.openAccount()
    const open = await payments.start(account, '5.00', {}, 'open', longAgo())
    loseEvents()
    const young = await payments.start(account, '6.00', {}, 'young', ago(9 * MINUTE_MILLISECONDS))
    await payCheckout(young.paymentUrl!, PAYS)
    await payments.reconcile()
    expect((await stateOf(account, open.topUpId)).status).toBe('processing')
    expect((await stateOf(account, young.topUpId)).status).toBe('processing')
  })

  it('ends a checkout whose end nobody told of', async () => {
    const account = await payments.openAccount()
    const { topUpId, sessionId } = await payments.start(account, '5.00', {}, 'key-1', longAgo())
    loseEvents()
    await fetch(`${payments.stripe.url}/v1/checkout/sessions/${sessionId}/expire`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_drawdown' },
    })
    await payments.reconcile()
    expect(await stateOf(account, topUpId)).toEqual({ status: 'expired', availableMicros: 0n })
  })

  it('credits a saved card that was charged while the provider failed, and whose client never came back', async () => {
    const account = await openWithCard()
    loseEvents()
    payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after' })
    const topUpId = await cutOff(account)
    await payments.reconcile()
    expect(await stateOf(account, topUpId)).toEqual({ status: 'settled', availableMicros: 17n * UNIT })
    expect(await payments.entriesOf(account.accountId)).toHaveLength(2)
  })

  it('fails a saved card that was declined while the provider failed', async () => {
    const account = await openWithCard(IS_DECLINED)
    loseEvents()
    payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after' })
    const topUpId = await cutOff(account)
    await payments.reconcile()
    expect(await stateOf(account, topUpId)).toEqual({ status: 'failed', availableMicros: 10n * UNIT })
  })

  it('follows a payment that takes its time to its end, one way or the other', async () => {
    for (const outcome of ['succeeds', 'fails'] as const) {
      const account = await openWithCard(TAKES_ITS_TIME)
      loseEvents()
      payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after' })
      const topUpId = await cutOff(account)
      await payments.reconcile()
      expect((await stateOf(account, topUpId)).status).toBe('processing')
      await payments.reconcile()
      expect((await stateOf(account, topUpId)).status).toBe('processing')
      const { paymentId, changedAt } = (await payments.topUps.read(account.accountId, topUpId))!
      payments.stripe.controls.settlePayment(paymentId!, outcome)
      vi.setSystemTime(Date.parse(changedAt) + 20 * MINUTE_MILLISECONDS)
      await payments.reconcile()
      vi.useRealTimers()
      expect(await stateOf(account, topUpId)).toEqual(
        outcome === 'succeeds'
          ? { status: 'settled', availableMicros: 17n * UNIT }
          : { status: 'failed', availableMicros: 10n * UNIT },
      )
      payments.stripe.setDelivery({})
    }
  })

  it('follows a checkout that takes its time to its end, one way or the other', async () => {
    for (const outcome of ['succeeds', 'fails'] as const) {
      const account = await payments.openAccount()
      loseEvents()
      const { topUpId, paymentUrl, sessionId } = await payments.start(account, '5.00', {}, 'key-1', longAgo())
      await payCheckout(paymentUrl!, TAKES_ITS_TIME)
      await payments.reconcile()
      expect((await stateOf(account, topUpId)).status).toBe('processing')
      const response = await fetch(`${payments.stripe.url}/v1/checkout/sessions/${sessionId}`, {
        headers: { authorization: 'Bearer sk_test_drawdown' },
      })
      const session = (await response.json()) as { payment_intent: string }
      payments.stripe.controls.settlePayment(session.payment_intent, outcome)
      await payments.reconcile()
      expect(await stateOf(account, topUpId)).toEqual(
        outcome === 'succeeds'
          ? { status: 'settled', availableMicros: 5n * UNIT }
          : { status: 'failed', availableMicros: 0n },
      )
      payments.stripe.setDelivery({})
    }
  })

  it('leaves a manual payment that was never begun to its client, until it is too late to begin it', async () => {
    const account = await openWithCard()
    const createdAt = ago(22.9 * HOUR_MILLISECONDS)
    const never = { kind: 'error_before' as const, times: 3 }
    payments.stripe.addFault({ ...never, endpoint: 'POST /v1/payment_intents' })
    const topUpId = await cutOff(account, bySavedCard, createdAt)
    const other = await payments.openAccount()
    payments.stripe.addFault({ ...never, endpoint: 'POST /v1/checkout/sessions' })
    const checkoutId = await cutOff(other, {}, createdAt)
    await payments.reconcile()
    expect((await stateOf(account, topUpId)).status).toBe('created')
    expect((await stateOf(other, checkoutId)).status).toBe('created')
    vi.setSystemTime(Date.now() + 0.2 * HOUR_MILLISECONDS)
    await payments.reconcile()
    vi.useRealTimers()
    expect(await stateOf(account, topUpId)).toEqual({ status: 'expired', availableMicros: 10n * UNIT })
    expect((await stateOf(other, checkoutId)).status).toBe('expired')
  })

  it('begins an automatic payment that was cut off again, once, under its own key', async () => {
    const account = await openWithCard()
    const { cards, customerId } = (await payments.cards.read(account.accountId))!
    const topUp = await payments.topUps.create({
      ...(await newestOrFirst(account)),
      topUpId: `top_${'a'.repeat(22)}`,
      status: 'created',
      origin: 'automatic',
      amountMicros: 7n * UNIT,
      requestedMethod: 'saved_card',
      method: 'saved_card',
      saveCard: false,
      customerId,
      paymentMethodId: cards[0]!.paymentMethodId,
      sessionId: undefined,
      paymentId: undefined,
      paymentUrl: undefined,
      settledAt: undefined,
      entrySequence: undefined,
      createdAt: longAgo().toISOString(),
      changedAt: longAgo().toISOString(),
      revision: 0n,
    })
    payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_before', times: 3 })
    await payments.reconcile()
    expect((await stateOf(account, topUp.topUpId)).status).toBe('created')
    await payments.reconcile()
    await payments.reconcile()
    await payments.stripe.untilIdle()
    expect(await stateOf(account, topUp.topUpId)).toEqual({
      status: 'settled',
      availableMicros: 17n * UNIT,
    })
    expect(await payments.entriesOf(account.accountId)).toHaveLength(2)
  })

  it('asks again next time where the provider is down', async () => {
    const account = await payments.openAccount()
    loseEvents()
    const { topUpId, paymentUrl } = await payments.start(account, '5.00', {}, 'key-1', longAgo())
    await payCheckout(paymentUrl!, PAYS)
    payments.stripe.addFault({ endpoint: 'GET /v1/checkout/sessions/:id', kind: 'error_before', times: 60 })
    await payments.reconcile()
    expect((await stateOf(account, topUpId)).status).toBe('processing')
    payments.stripe.releaseFaults()
    await payments.reconcile()
    expect((await stateOf(account, topUpId)).status).toBe('settled')
  })

  it('leaves what the provider had an id for and knows no more, and says so', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00', {}, 'key-1', longAgo())
    await payments.topUps.note(topUp, { sessionId: 'cs_test_unknown' })
    const said = vi.spyOn(log, 'error').mockReturnValue(undefined)
    await payments.reconcile()
    expect((await stateOf(account, topUp.topUpId)).status).toBe('processing')
    expect(said.mock.calls).toContainEqual([
      expect.stringContaining('does not know'),
      expect.objectContaining({ topUpId: topUp.topUpId }),
    ])
  })

  it('finds a dispute and a refund that began at the provider and of which no event ever came, and each of them once', async () => {
    const [disputed, refunded] = [await openWithCard(), await openWithCard()]
    const [ofDispute, ofRefund] = [await newestOrFirst(disputed), await newestOrFirst(refunded)]
    loseEvents()
    payments.stripe.controls.openDispute(ofDispute.paymentId!)
    payments.stripe.controls.refundByHand(ofRefund.paymentId!, 400)
    await payments.stripe.untilIdle()
    await payments.reconcile()
    await payments.reconcile()
    expect((await stateOf(disputed, ofDispute.topUpId)).availableMicros).toBe(0n)
    expect((await stateOf(refunded, ofRefund.topUpId)).availableMicros).toBe(6n * UNIT)
    for (const account of [disputed, refunded])
      expect(await payments.entriesOf(account.accountId)).toHaveLength(2)
  })

  it('rings for what has been open for more than a day', async () => {
    const account = await payments.openAccount()
    const { topUpId } = await payments.start(account, '5.00', {}, 'key-1', ago(26 * HOUR_MILLISECONDS))
    const said = vi.spyOn(log, 'error').mockReturnValue(undefined)
    await payments.reconcile()
    expect(said.mock.calls).toContainEqual([
      STUCK_MESSAGE,
      expect.objectContaining({ watch: 'open', accountId: account.accountId, id: topUpId }),
    ])
  })
})

async function newestOrFirst(account: Account): Promise<TopUp> {
  const [topUp] = await payments.topUps.list(account.accountId, { limit: 1 })
  return topUp!
}

describe('walking a list', () => {
  const waitMilliseconds = 10 * MINUTE_MILLISECONDS
  const listOf = (reconcile: ReconciledList['reconcile']): ReconciledList => ({
    watch: 'declined',
    waitMilliseconds,
    reconcile,
  })

  /** Thirty declined payments, a second apart. */
  async function fill(): Promise<string[]> {
    const { accountId } = await payments.openAccount()
    const created = Array.from({ length: 30 }, (_, index) => {
      const at = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString()
      return payments.topUps.create({
        topUpId: `top_${String(index).padStart(22, '0')}`,
        accountId,
        status: 'failed',
        amountMicros: UNIT,
        currency: 'USD',
        origin: 'manual',
        requestedMethod: 'saved_card',
        method: 'saved_card',
        saveCard: false,
        requestHash: 'h',
        actor: 'person:1',
        createdAt: at,
        refundedMicros: 0n,
        changedAt: at,
        revision: 0n,
      })
    })
    return (await Promise.all(created)).map(({ topUpId }) => topUpId)
  }

  it('goes on where the last run was ended, then begins anew, and lets nothing that fails stop the rest', async () => {
    const watchLists = createWatchListStore(payments.database)
    const all = await fill()
    vi.spyOn(log, 'error').mockReturnValue(undefined)
    const seen: string[] = []
    const list = listOf(async ({ id }) => {
      seen.push(id)
      if (id === all[3]) throw new Error('a fault')
      if (id === all[4]) throw new Problem('busy', 'later')
      return 'open'
    })
    const run = (most: number) => {
      const end = seen.length + most
      return reconcileList(list, watchLists, { now: new Date(), mayGoOn: () => seen.length < end })
    }
    expect(await run(27)).toMatchObject({ lookedAt: 27, done: 0 })
    expect(await run(27)).toMatchObject({ lookedAt: 3 })
    expect(await run(2)).toMatchObject({ lookedAt: 2 })
    expect(seen).toEqual([...all, ...all.slice(0, 2)])
    await run(30)
  })

  it('begins a walk of a daily list once a day, though a run was cut off', async () => {
    const watchLists = createWatchListStore(payments.database)
    await fill()
    const beganAt = Date.now()
    const seen: string[] = []
    const list: ReconciledList = {
      ...listOf(async ({ id }) => {
        seen.push(id)
        return 'open'
      }),
      everyMilliseconds: 24 * HOUR_MILLISECONDS,
    }
    const run = async (hours: number, most = Number.POSITIVE_INFINITY) => {
      seen.length = 0
      const now = new Date(beganAt + hours * HOUR_MILLISECONDS)
      await reconcileList(list, watchLists, { now, mayGoOn: () => seen.length < most })
      return seen.length
    }
    const all = await run(24)
    expect(await run(47)).toBe(0)
    expect(await run(48, 20)).toBe(20)
    expect(await run(49)).toBe(all - 20)
    expect(await run(71)).toBe(0)
    expect(await run(72)).toBe(all)
  })
})
