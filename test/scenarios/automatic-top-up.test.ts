import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveCard } from '../../local/stripe.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

const PAYS = '4242424242424242'
const IS_DECLINED = '4000000000000341'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-12-26T09:00:00.000Z' })
})
afterAll(() => test.stop())

type Account = Awaited<ReturnType<TestStack['openAccount']>>
const pathOf = ({ accountId }: Account, rest: string) => `/v1/accounts/${accountId}/${rest}`
const usd = (amount: string) => ({ amount, currency: 'USD' })
const asked = { currency: 'USD', threshold: '20.00', target: '50.00', monthlyCap: '100.00', consent: true }

async function enterCard(account: Account, cardNumber: string) {
  const { setupUrl } = await account.owner.send<{ setupUrl: string }>(
    'POST',
    pathOf(account, 'payment-methods'),
    {
      idempotencyKey: `card-${cardNumber}`,
    },
  )
  await saveCard(setupUrl, cardNumber)
  await test.stack.waitUntilIdle()
}

async function take(account: Account, amount: string, idempotencyKey: string) {
  const body = { ...usd(amount), description: 'Used' }
  await test.staff.send('POST', pathOf(account, 'charges'), { body, idempotencyKey })
  await test.stack.waitUntilIdle()
}

const available = async (account: Account) =>
  (await account.owner.get<{ available: { amount: string } }>(pathOf(account, 'balance'))).available.amount

const newestMail = ({ ownerEmail }: Account) =>
  test.stack.inbox.list().find(({ to }) => to.includes(ownerEmail))!

describe('automatic top-up, on the whole stack', () => {
  it('charges when usage takes credit below the threshold, pauses with a link when it cannot, and goes on', async () => {
    const account = await test.openAccount({ credit: '30.00' })
    await enterCard(account, PAYS)
    const path = pathOf(account, 'auto-top-up')
    expect(await account.owner.send('PUT', path, { body: asked })).toMatchObject({ status: 'on' })
    await take(account, '15.00', 'first')
    expect(await available(account)).toBe('50.00')
    expect(await account.owner.get(path)).toMatchObject({ status: 'on', charged: usd('35.00') })

    await enterCard(account, IS_DECLINED)
    const { cards } = await account.owner.get<{ cards: { paymentMethodId: string }[] }>(
      pathOf(account, 'payment-methods'),
    )
    const choose = (place: number, role: string) =>
      account.owner.send('PUT', pathOf(account, `payment-methods/${cards[place]!.paymentMethodId}/role`), {
        body: { role },
      })
    await choose(1, 'default')
    await test.stack.clock.advanceTo('2026-12-26T10:00:00.000Z')
    await take(account, '45.00', 'second')
    expect(await account.owner.get(path)).toMatchObject({
      status: 'paused',
      charged: usd('35.00'),
      lastFailure: { reason: 'declined', amount: usd('45.00') },
    })
    expect(newestMail(account).subject).toBe('Automatic top-up is paused: 45.00 USD could not be charged')

    await choose(0, 'default')
    await test.stack.clock.advanceTo('2026-12-26T11:00:00.000Z')
    await test.stack.waitUntilIdle()
    expect(await available(account)).toBe('50.00')
    expect(await account.owner.get(path)).toMatchObject({ status: 'on', charged: usd('80.00') })
    expect(await account.owner.send('DELETE', path)).toMatchObject({ status: 'off' })
  })

  it('covers the first of the month when its client is warned that credit does not, by exactly what is missing', async () => {
    await test.staff.send('PUT', '/v1/plans/hosted-plan', {
      body: {
        name: 'Hosted plan',
        clientType: 'hosted',
        currency: 'USD',
        effectiveFrom: '2026-01-01T00:00:00Z',
        services: [{ service: 'seat', name: 'Seat', unitFee: '45.00' }],
      },
    })
    const account = await test.openAccount({ credit: '30.00' })
    const services = [{ service: 'seat', quantity: 1 }]
    await account.owner.send('PUT', pathOf(account, 'plan'), { body: { planId: 'hosted-plan', services } })
    await enterCard(account, PAYS)
    await account.owner.send('PUT', pathOf(account, 'auto-top-up'), { body: asked })
    await test.stack.waitUntilIdle()
    expect(await available(account)).toBe('30.00')

    await test.stack.clock.advanceTo('2026-12-27T00:15:00.000Z')
    await test.stack.waitUntilIdle()
    expect(await account.owner.get(pathOf(account, 'balance'))).toMatchObject({
      available: usd('45.00'),
      upcomingCharge: { total: usd('45.00'), shortfall: usd('0.00') },
    })
    expect(await account.owner.get(pathOf(account, 'auto-top-up'))).toMatchObject({ charged: usd('15.00') })
  })

  it('pays at once what is missing on the first: the month is charged, and nothing stops', async () => {
    const account = await test.openAccount({ credit: '50.00' })
    const services = [{ service: 'seat', quantity: 1 }]
    await account.owner.send('PUT', pathOf(account, 'plan'), { body: { planId: 'hosted-plan', services } })
    await enterCard(account, PAYS)
    await account.owner.send('PUT', pathOf(account, 'auto-top-up'), { body: asked })
    // Covered five days before, and above the threshold still when the month begins.
    await test.stack.clock.advanceTo('2026-12-31T12:00:00.000Z')
    await take(account, '20.00', 'unforeseen')
    expect(await available(account)).toBe('30.00')

    await test.stack.clock.advanceTo('2027-01-01T00:15:00.000Z')
    await test.stack.waitUntilIdle()
    expect(await account.owner.get(pathOf(account, 'auto-top-up'))).toMatchObject({ charged: usd('15.00') })
    expect(await account.owner.get(pathOf(account, 'balance'))).toMatchObject({
      available: usd('0.00'),
      plan: { status: 'paid', owed: usd('0.00'), stopped: [] },
    })
  })

  it('is switched on by the account’s own owners and billing members alone', async () => {
    const account = await test.openAccount({ credit: '30.00' })
    const path = pathOf(account, 'auto-top-up')
    const switchOn = (caller: Account['owner']) => refusalOf(caller.send('PUT', path, { body: asked }))
    expect(await switchOn(test.staff)).toMatchObject({ status: 403 })
    expect(await switchOn(test.person('stranger@elsewhere.example.com'))).toMatchObject({ status: 404 })
    expect(await switchOn(account.owner)).toMatchObject({ status: 409, problem: { code: 'no_saved_card' } })
    const viewer = { email: 'viewer@client.example.com', role: 'viewer' }
    await account.owner.send('POST', pathOf(account, 'members'), { body: viewer, idempotencyKey: 'viewer' })
    expect(await switchOn(test.person(viewer.email))).toMatchObject({ status: 403 })
    expect(await test.staff.get(path)).toMatchObject({ status: 'off' })
    expect(await test.person(viewer.email).get(path)).toMatchObject({ status: 'off' })
  })
})
