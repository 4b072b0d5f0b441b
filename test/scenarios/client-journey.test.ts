import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { payCheckout } from '../../local/stripe/pay-checkout.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-10T09:00:00.000Z' })
})
afterAll(() => test.stop())

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type TopUp = { topUpId: string; status: string; paymentUrl: string }

const availableOf = async ({ accountId, owner }: Account) =>
  (await owner.get<{ available: { amount: string } }>(`/v1/accounts/${accountId}/balance`)).available.amount
const subjectsTo = (email: string) =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(email))
    .map(({ subject }) => subject)
    .toReversed()

describe('a top-up', () => {
  const ask = (account: Account, idempotencyKey: string) =>
    account.owner.send<TopUp>('POST', `/v1/accounts/${account.accountId}/top-ups`, {
      body: { amount: '25.00', currency: 'USD' },
      idempotencyKey,
    })
  const read = (account: Account, topUpId: string) =>
    account.owner.get<TopUp>(`/v1/accounts/${account.accountId}/top-ups/${topUpId}`)

  it('gives no credit before it is paid, nor for a card that is declined', async () => {
    const account = await test.openAccount()
    const asked = await ask(account, 'declined')
    expect(await payCheckout(asked.paymentUrl, '4000000000000002')).toMatchObject({ paid: false })
    await test.stack.waitUntilIdle()
    expect(await availableOf(account)).toBe('0.00')
    expect((await read(account, asked.topUpId)).status).toBe('processing')
    expect(await payCheckout(asked.paymentUrl, '4242424242424242')).toMatchObject({ paid: true })
    await test.stack.waitUntilIdle()
    expect(await availableOf(account)).toBe('25.00')
    expect((await read(account, asked.topUpId)).status).toBe('settled')
    expect(subjectsTo(account.ownerEmail)).toEqual(['Receipt: 25.00 USD received'])
  })

  it('gives credit when the card’s holder confirms, and none when not', async () => {
    const account = await test.openAccount()
    const asked = await ask(account, 'confirm')
    expect(await payCheckout(asked.paymentUrl, '4000002500003155', { authenticate: false })).toMatchObject({
      paid: false,
    })
    await test.stack.waitUntilIdle()
    expect(await availableOf(account)).toBe('0.00')
    expect(await payCheckout(asked.paymentUrl, '4000002500003155', { authenticate: true })).toMatchObject({
      paid: true,
    })
    await test.stack.waitUntilIdle()
    expect(await availableOf(account)).toBe('25.00')
  })

  it('is the same top-up and the same payment page for the same key', async () => {
    const account = await test.openAccount()
    const [first, second] = [await ask(account, 'same'), await ask(account, 'same')]
    expect(second).toEqual(first)
  })
})

describe('credit that runs low', () => {
  it('is told once per dip by e-mail, and again after it was raised', async () => {
    const account = await test.openAccount({ credit: '20.00' })
    await account.owner.send('PATCH', `/v1/accounts/${account.accountId}`, {
      body: { lowCreditThreshold: { amount: '10.00', currency: 'USD' } },
    })
    const charge = async (amount: string, key: string) => {
      await test.staff.send('POST', `/v1/accounts/${account.accountId}/charges`, {
        body: { amount, currency: 'USD', description: 'Support hour' },
        idempotencyKey: key,
      })
      await test.stack.waitUntilIdle()
    }
    const alerts = () => subjectsTo(account.ownerEmail).filter((subject) => !subject.startsWith('Receipt'))
    await charge('5.00', 'still-enough')
    expect(alerts()).toHaveLength(0)
    await charge('6.00', 'below')
    await charge('1.00', 'further-below')
    expect(alerts()).toHaveLength(1)
    await test.topUp(account, '20.00', 'raise')
    await test.stack.clock.advanceTo(new Date(test.stack.clock.now().getTime() + 25 * 3_600_000))
    await charge('20.00', 'below-again')
    expect(alerts()).toHaveLength(2)
  })
})

describe('usage beyond the credit', () => {
  it('deducts the longest run that fits, refuses the rest in the same line, and tells the client once', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    await test.staff.send('PUT', '/v1/prices/message', {
      body: { currency: 'USD', model: { kind: 'per_unit', unitAmount: '2.00' } },
    })
    const start = test.stack.clock.now().getTime()
    const events = Array.from({ length: 4 }, (_, index) => ({
      specversion: '1.0',
      id: `m${index}`,
      source: 'journey',
      type: 'message',
      subject: account.accountId,
      time: new Date(start + index * 1000).toISOString(),
      data: { quantity: 1 },
    }))
    await test.usage.send('POST', '/v1/usage', {
      body: events,
      contentType: 'application/cloudevents-batch+json',
    })
    await test.stack.waitUntilIdle()
    expect(await availableOf(account)).toBe('1.00')
    const outcomes = await Promise.all(
      events.map(({ id }) =>
        account.owner.get<{ verdict: string; transaction: number }>(`/v1/usage/journey/${id}`),
      ),
    )
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(['deducted', 'deducted', 'refused', 'refused'])
    expect(new Set(outcomes.map(({ transaction }) => transaction)).size).toBe(1)
    await test.usage.send('POST', '/v1/usage', {
      body: [{ ...events[0], id: 'm4' }],
      contentType: 'application/cloudevents-batch+json',
    })
    await test.stack.waitUntilIdle()
    expect(subjectsTo(account.ownerEmail).filter((subject) => /credit/i.test(subject))).toHaveLength(1)
  })
})

describe('new material terms', () => {
  const text = '# Terms\n\nYou pay before you use.\n'

  it('wait in /v1/me, close the money routes from their effective date on, and open them when accepted', async () => {
    const account = await test.openAccount({ credit: '30.00', clientType: 'private_cloud' })
    await test.staff.send('POST', '/v1/terms', {
      body: {
        document: 'terms-of-service',
        version: '2026-12-05',
        title: 'Terms of service',
        clientTypes: ['private_cloud'],
        class: 'material',
        effectiveAt: '2026-12-05T00:00:00.000Z',
        text,
        summary: 'Prepayment.',
      },
    })
    type Me = { accounts: { termsClosed: boolean; termsWaiting: { document: string; version: string }[] }[] }
    const me = async () => (await account.owner.get<Me>('/v1/me')).accounts[0]!
    const charge = (key: string) =>
      test.staff.send('POST', `/v1/accounts/${account.accountId}/charges`, {
        body: { amount: '1.00', currency: 'USD', description: 'x' },
        idempotencyKey: key,
      })
    expect(await me()).toMatchObject({
      termsClosed: false,
      termsWaiting: [{ document: 'terms-of-service', version: '2026-12-05' }],
    })
    await charge('before')

    await test.stack.clock.sleepUntil('2026-12-04T22:00:00.000Z')
    await test.stack.clock.advanceTo('2026-12-05T00:00:00.000Z')
    expect(await me()).toMatchObject({ termsClosed: true })
    expect(await refusalOf(charge('after'))).toMatchObject({
      status: 403,
      problem: { code: 'terms_required', missing: [{ document: 'terms-of-service', version: '2026-12-05' }] },
    })
    const topUp = account.owner.send('POST', `/v1/accounts/${account.accountId}/top-ups`, {
      body: { amount: '10.00', currency: 'USD' },
      idempotencyKey: 'closed',
    })
    expect(await refusalOf(topUp)).toMatchObject({ status: 403, problem: { code: 'terms_required' } })
    expect(await availableOf(account)).toBe('29.00')

    const accept = (client: TestStack['staff']) =>
      client.send('POST', `/v1/accounts/${account.accountId}/terms-acceptances`, {
        body: {
          document: 'terms-of-service',
          version: '2026-12-05',
          textSha256: createHash('sha256').update(text).digest('hex'),
          decision: 'accepted',
          pressed: 'I accept',
        },
      })
    expect((await refusalOf(accept(test.staff))).status).toBe(403)
    await accept(account.owner)
    expect(await me()).toMatchObject({ termsClosed: false, termsWaiting: [] })
    await charge('after')
    const { acceptances } = await account.owner.get<{ acceptances: Record<string, unknown>[] }>(
      `/v1/accounts/${account.accountId}/terms-acceptances`,
    )
    expect(acceptances).toHaveLength(1)
    expect(acceptances[0]).toMatchObject({
      document: 'terms-of-service',
      version: '2026-12-05',
      decision: 'accepted',
    })
  })
})
