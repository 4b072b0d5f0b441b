import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defaultCard } from '../../functions/cards/cards.ts'
import { payCheckout } from '../../local/stripe.ts'
import { eventOf, sign } from '../top-up/payments.ts'
import { ALWAYS_ASKS, ASKS_THE_BANK, IS_REFUSED, startCards, VISA } from './card-accounts.ts'

let cards: Awaited<ReturnType<typeof startCards>>
let stripe: Stripe

beforeAll(async () => {
  cards = await startCards()
  const { hostname, port } = new URL(cards.stripe.url)
  stripe = new Stripe('sk_test_drawdown', { protocol: 'http', host: hostname, port, maxNetworkRetries: 0 })
})
beforeEach(() => {
  cards.stripe.setDelivery({})
  cards.stripe.setWebhookUrl(cards.webhookUrl)
})
afterEach(() => cards.stripe.releaseFaults())
afterAll(() => cards.stop())

/** An account with two cards, of which the second is the backup. */
async function openWithTwo() {
  const account = await cards.open()
  await cards.enter(account, VISA, 'first')
  await cards.enter(account, ASKS_THE_BANK, 'second')
  const [first, second] = await cards.shown(account)
  await cards.choose(account, second!.paymentMethodId, 'backup')
  return { account, first: first!.paymentMethodId, second: second!.paymentMethodId }
}

describe('saving a card', () => {
  it('puts it into the list once the provider has it, the first as the default', async () => {
    const account = await cards.open()
    expect(await cards.shown(account)).toEqual([])
    expect(await cards.enter(account, VISA, 'key-1', '03/31')).toMatchObject({ saved: true })
    expect(await cards.shown(account)).toMatchObject([
      { brand: 'visa', lastFour: '4242', expiresIn: '2031-03', lastDay: '2031-03-31', role: 'default' },
    ])
    await cards.enter(account, ASKS_THE_BANK, 'key-2')
    expect((await cards.shown(account)).map(({ role }) => role)).toEqual(['default', 'none'])
  })

  it('gives a repeat the same page, and saves nothing when the bank refuses', async () => {
    const account = await cards.open()
    const pages = [await cards.askPage(account), await cards.askPage(account)]
    expect(pages[1]!.body).toEqual(pages[0]!.body)
    expect(await cards.enter(account, IS_REFUSED, 'key-1')).toMatchObject({ saved: false })
    expect(await cards.shown(account)).toEqual([])
  })

  it('makes one customer at the provider, also when several pages are asked for at once', async () => {
    const account = await cards.open()
    const pages = await Promise.all(['a', 'b', 'c'].map((key) => cards.askPage(account, key)))
    expect(pages.map(({ status }) => status)).toEqual([201, 201, 201])
    const { customerId } = await cards.cards.read(account.accountId)
    for (const { body } of pages) {
      const [sessionId] = /cs_test_\w+/.exec(String(body.setupUrl))!
      expect((await stripe.checkout.sessions.retrieve(sessionId)).customer).toBe(customerId)
    }
  })

  it('goes on when the provider was down, with the same customer', async () => {
    const account = await cards.open()
    cards.stripe.addFault({ endpoint: 'POST /v1/checkout/sessions', kind: 'error_before', times: 3 })
    expect(await cards.askPage(account)).toMatchObject({
      status: 502,
      body: { code: 'payment_provider_unavailable' },
    })
    const { customerId } = await cards.cards.read(account.accountId)
    expect(await cards.askPage(account)).toMatchObject({ status: 201 })
    expect((await cards.cards.read(account.accountId)).customerId).toBe(customerId)
  })

  it('keeps the card of a payment that was to be kept, for the same customer', async () => {
    const account = await cards.open()
    const topUp = await cards.start(account, '10.00', { saveCard: true })
    await payCheckout(topUp.paymentUrl!, VISA)
    await cards.enter(account, ASKS_THE_BANK, 'second')
    const kept = await cards.cards.read(account.accountId)
    expect(defaultCard(kept)).toMatchObject({ lastFour: '4242' })
    expect(kept.customerId).toBe(topUp.customerId)
    for (const paymentMethodId of await cards.keptIn(account.accountId))
      expect((await stripe.paymentMethods.retrieve(paymentMethodId)).customer).toBe(kept.customerId)
  })

  it('keeps one of two entries of the same card, and lets the provider forget the other', async () => {
    const account = await cards.open()
    await cards.enter(account, VISA, 'first')
    await cards.enter(account, VISA, 'again')
    expect(await cards.shown(account)).toMatchObject([{ lastFour: '4242', role: 'default' }])
    const { cards: kept, customerId } = await cards.cards.read(account.accountId)
    const atProvider = (await stripe.paymentMethods.list({ customer: customerId! })).data
    expect(kept.map(({ paymentMethodId }) => paymentMethodId)).toEqual(atProvider.map(({ id }) => id))
    expect(atProvider).toHaveLength(1)
  })

  it('refuses an eleventh, and lets the provider forget one that comes anyway', async () => {
    const account = await cards.open()
    const page = await cards.askPage(account, 'early')
    await cards.fill(account.accountId, 10)
    expect(await cards.askPage(account, 'late')).toMatchObject({
      status: 409,
      body: { code: 'too_many_cards' },
    })
    const before = await cards.keptIn(account.accountId)
    const { saveCard } = await import('../../local/stripe.ts')
    await saveCard(String(page.body.setupUrl), VISA)
    await cards.stripe.untilIdle()
    expect(await cards.keptIn(account.accountId)).toEqual(before)
    const after = await cards.cards.read(account.accountId)
    expect(after.cards).toHaveLength(10)
    expect((await stripe.paymentMethods.list({ customer: after.customerId! })).data).toEqual([])
  })

  it('refuses a card that was saved for another customer, and writes nothing', async () => {
    const [account, other] = [await cards.open(), await cards.open()]
    await cards.enter(account, VISA, 'own')
    await cards.enter(other, VISA, 'own')
    const before = await cards.cards.read(account.accountId)
    const [foreign] = await cards.keptIn(other.accountId)
    const body = eventOf('setup_intent.succeeded', {
      id: 'seti_1',
      object: 'setup_intent',
      metadata: { accountId: account.accountId, purpose: 'card' },
      payment_method: foreign,
    })
    expect(await cards.deliver(body, sign(body))).toMatchObject({ status: 200 })
    expect(await cards.cards.read(account.accountId)).toEqual(before)
    cards.stripe.controls.updateCardByNetwork(foreign!, { expiryYear: 2040, expiryMonth: 1 })
    await cards.stripe.untilIdle()
    expect(await cards.shown(other)).toMatchObject([{ expiresIn: '2040-01' }])
  })
})

describe('roles', () => {
  it('are chosen by owners and billing members; viewers and staff read alone', async () => {
    const { account, first, second } = await openWithTwo()
    const { accountId } = account
    const billing = { accountId, claims: await cards.addMember(accountId, 'billing') }
    const viewer = { accountId, claims: await cards.addMember(accountId, 'viewer') }
    const staff = { accountId, claims: cards.staff }
    expect(await cards.choose(billing, second, 'default')).toMatchObject({
      status: 200,
      body: { cards: [{ role: 'backup' }, { role: 'default' }] },
    })
    for (const who of [viewer, staff]) {
      expect(await cards.shown(who)).toHaveLength(2)
      for (const reply of [
        await cards.choose(who, first, 'default'),
        await cards.remove(who, first),
        await cards.askPage(who, 'key-9'),
      ])
        expect(reply).toMatchObject({ status: 403, body: { code: 'role_not_allowed' } })
    }
    expect(await cards.shown(account)).toMatchObject([{ role: 'backup' }, { role: 'default' }])
  })

  it('of another client’s account are answered as those of one that is not there', async () => {
    const { account, first } = await openWithTwo()
    const stranger = { ...account, claims: (await cards.open()).claims }
    for (const reply of [
      await cards.list(stranger),
      await cards.askPage(stranger),
      await cards.choose(stranger, first, 'default'),
      await cards.remove(stranger, first),
    ])
      expect(reply).toMatchObject({ status: 404, body: { code: 'account_not_found' } })
    const other = await cards.open()
    for (const reply of [await cards.choose(other, first, 'default'), await cards.remove(other, first)])
      expect(reply).toMatchObject({ status: 404, body: { code: 'card_not_found' } })
    expect(
      await cards
        .start(other, '5.00', { paymentMethod: 'saved_card', paymentMethodId: first })
        .catch((error) => error),
    ).toMatchObject({ code: 'card_not_found' })
  })

  it('are refused by name where they make no sense', async () => {
    const { account, first } = await openWithTwo()
    for (const role of ['backup', 'none'])
      expect(await cards.choose(account, first, role)).toMatchObject({
        status: 409,
        body: { code: 'card_is_default' },
      })
    expect(await cards.choose(account, first, 'main')).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'role' }] },
    })
  })

  it('stay whole when two people change them at once', async () => {
    const { account, first, second } = await openWithTwo()
    const before = await cards.cards.read(account.accountId)
    const replies = await Promise.all([
      cards.choose(account, second, 'default'),
      cards.choose(account, first, 'default'),
      cards.choose(account, second, 'default'),
      cards.choose(account, first, 'default'),
    ])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const after = await cards.cards.read(account.accountId)
    expect([after.defaultCardId, after.backupCardId].toSorted()).toEqual([first, second].toSorted())
    // Each write was made on what the one before it left: the two have changed places as often as it was written.
    expect(after.defaultCardId).toBe((after.revision - before.revision) % 2n === 0n ? first : second)
  })

  it('decide which card a top-up is charged to: the default, or the one that is named', async () => {
    const { account, first, second } = await openWithTwo()
    const charge = (key: string, paymentMethodId?: string) =>
      cards.start(account, '5.00', { paymentMethod: 'saved_card', paymentMethodId }, key)
    expect(await charge('by-default')).toMatchObject({ status: 'processing', paymentMethodId: first })
    expect(await charge('by-name', second)).toMatchObject({ paymentMethodId: second })
    await cards.choose(account, second, 'default')
    expect(await charge('by-other-default')).toMatchObject({ paymentMethodId: second })
  })
})

describe('removing a card', () => {
  it('promotes the backup, and lets the provider forget the card', async () => {
    const { account, first, second } = await openWithTwo()
    expect(await cards.remove(account, first)).toMatchObject({ status: 204 })
    expect(await cards.shown(account)).toMatchObject([{ paymentMethodId: second, role: 'default' }])
    expect((await stripe.paymentMethods.retrieve(first)).customer).toBeNull()
    expect(await cards.remove(account, first)).toMatchObject({
      status: 404,
      body: { code: 'card_not_found' },
    })
  })

  it('holds at once where the provider does not answer, and a repeat ends it', async () => {
    const { account, first, second } = await openWithTwo()
    cards.stripe.addFault({ endpoint: 'POST /v1/payment_methods/:id/detach', kind: 'error_before', times: 3 })
    expect(await cards.remove(account, first)).toMatchObject({ status: 204 })
    expect(await cards.shown(account)).toMatchObject([{ paymentMethodId: second, role: 'default' }])
    expect((await stripe.paymentMethods.retrieve(first)).customer).not.toBeNull()
    await expect(
      cards.start(account, '5.00', { paymentMethod: 'saved_card', paymentMethodId: first }),
    ).rejects.toMatchObject({ code: 'card_not_found', errors: [{ field: 'paymentMethodId' }] })
    expect(await cards.remove(account, first)).toMatchObject({ status: 204 })
    expect((await stripe.paymentMethods.retrieve(first)).customer).toBeNull()
    expect((await cards.cards.read(account.accountId)).cards).toHaveLength(1)
  })

  it('during an attempt fails the attempt and charges nothing else', async () => {
    const { account, first } = await openWithTwo()
    cards.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_before', times: 3 })
    const charge = () => cards.start(account, '5.00', { paymentMethod: 'saved_card' })
    await expect(charge()).rejects.toMatchObject({ code: 'payment_provider_unavailable' })
    await cards.remove(account, first)
    expect(await charge()).toMatchObject({
      status: 'failed',
      failureCode: 'saved_card_gone',
      paymentMethodId: first,
    })
    await cards.stripe.untilIdle()
    expect((await cards.ledger.readHead(account.accountId))!.availableMicros).toBe(0n)
  })

  it('is not undone by news of the card that comes late or again', async () => {
    const account = await cards.open()
    cards.stripe.setDelivery({ duplicate: true, shuffle: true })
    await cards.enter(account, VISA, 'first')
    const [first] = await cards.keptIn(account.accountId)
    await cards.remove(account, first!)
    const late = eventOf('setup_intent.succeeded', {
      id: 'seti_1',
      metadata: { accountId: account.accountId, purpose: 'card' },
      payment_method: first,
    })
    for (const body of [late, late])
      expect(await cards.deliver(body, sign(body))).toMatchObject({ status: 200 })
    expect(await cards.shown(account)).toEqual([])
  })
})

describe('the provider’s news of cards', () => {
  it('renews a card whose bank has replaced it, in whatever order and however often', async () => {
    const { account, first } = await openWithTwo()
    cards.stripe.setDelivery({ duplicate: true, shuffle: true })
    cards.stripe.setWebhookUrl(undefined)
    cards.stripe.controls.updateCardByNetwork(first, { expiryYear: 2035, expiryMonth: 1 })
    cards.stripe.controls.updateCardByNetwork(first, { expiryYear: 2036, expiryMonth: 2, last4: '1881' })
    cards.stripe.setWebhookUrl(cards.webhookUrl)
    await cards.stripe.untilIdle()
    expect((await cards.shown(account))[0]).toMatchObject({
      paymentMethodId: first,
      ...{ expiresIn: '2036-02', lastFour: '1881', role: 'default' },
    })
  })

  it('forgets a card that was detached at the provider, and promotes the backup', async () => {
    const { account, first, second } = await openWithTwo()
    await stripe.paymentMethods.detach(first)
    // The stand-in’s own call, as if somebody had done it at the dashboard.
    await cards.stripe.untilIdle()
    expect(await cards.shown(account)).toMatchObject([{ paymentMethodId: second, role: 'default' }])
  })

  it('comes again while the provider does not answer', async () => {
    const account = await cards.open()
    cards.stripe.addFault({ endpoint: 'GET /v1/payment_methods/:id', kind: 'error_before', times: 3 })
    await cards.enter(account, ALWAYS_ASKS, 'first')
    expect(await cards.shown(account)).toMatchObject([{ lastFour: '3184', role: 'default' }])
  })

  it('of cards that are no account’s is taken and changes nothing', async () => {
    const body = eventOf('payment_method.detached', {
      id: 'pm_nobody',
      object: 'payment_method',
      customer: null,
    })
    expect(await cards.deliver(body, sign(body))).toMatchObject({ status: 200 })
  })
})

describe('the number of a card', () => {
  it('is in no reply and in no table', async () => {
    const { account } = await openWithTwo()
    await cards.list(account)
    const tables = [cards.database.paymentsTable, cards.database.documentsTable, cards.database.ledgerTable]
    const stored = await Promise.all(
      tables.map(
        async (TableName) => (await cards.database.client.send(new ScanCommand({ TableName }))).Items ?? [],
      ),
    )
    const text = (value: unknown) =>
      JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? '' : member))
    expect(stored[0]!.length).toBeGreaterThan(0)
    expect(cards.replies.length).toBeGreaterThan(0)
    const everything = [text(stored), ...cards.replies.map(({ text: reply }) => reply)].join('\n')
    expect(everything).toContain('4242')
    for (const number of [VISA, ASKS_THE_BANK, ALWAYS_ASKS, IS_REFUSED])
      expect(everything.replace(/[ -]/g, '')).not.toContain(number)
  })
})
