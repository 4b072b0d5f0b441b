import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { payCheckout } from '../../local/stripe.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

const PAYS = '4242424242424242'
let test: TestStack
let sdk: Stripe

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-25T22:45:00.000Z' })
  const { apiKey } = JSON.parse(readFileSync(join(test.folder, 'stripe-keys.json'), 'utf8')) as {
    apiKey: string
  }
  const { hostname, port } = new URL(test.stack.stripe.url)
  sdk = new Stripe(apiKey, { host: hostname, port, protocol: 'http' })
})
afterAll(() => test?.stop())

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Money = { amount: string; currency: string }
type TopUp = { topUpId: string; status: string; paymentUrl: string; transaction: number; paidOwed?: Money }

const pathOf = ({ accountId }: Account, rest: string) => `/v1/accounts/${accountId}/${rest}`
/** The newest e-mail to an account's owner whose subject begins so, as its reader sees it. */
async function mailOf({ ownerEmail }: Account, begins: string) {
  const { id, subject } = test.stack.inbox
    .list()
    .find((mail) => mail.to.includes(ownerEmail) && mail.subject.startsWith(begins))!
  return { subject, text: (await test.stack.inbox.read(id))!.email.text! }
}
const readTopUp = (account: Account, topUpId: string) =>
  account.owner.get<TopUp>(pathOf(account, `top-ups/${topUpId}`))
const transactionOf = (account: Account, sequence: number) =>
  account.owner.get<Record<string, unknown>>(pathOf(account, `transactions/${sequence}`))

/** The payment of a top-up as the provider has it. */
async function paymentOf({ accountId }: Account, topUpId: string): Promise<Stripe.PaymentIntent> {
  const { data } = await sdk.paymentIntents.list({ limit: 100 })
  return data.find(({ metadata }) => metadata.accountId === accountId && metadata.topUpId === topUpId)!
}

describe('a manual top-up', () => {
  it('pays exactly what the warning’s link asks for, and is receipted with the credit after it', async () => {
    await test.staff.send('PUT', '/v1/plans/hosted-plan', {
      body: {
        name: 'Hosted plan',
        clientType: 'hosted',
        currency: 'USD',
        effectiveFrom: '2026-01-01T00:00:00Z',
        services: [{ service: 'seat', name: 'Seat', unitFee: '17.345' }],
      },
    })
    const account = await test.openAccount({ credit: '10.00' })
    const services = [{ service: 'seat', quantity: 1 }]
    await account.owner.send('PUT', pathOf(account, 'plan'), { body: { planId: 'hosted-plan', services } })
    await test.stack.clock.advanceTo('2026-11-26T00:15:00.000Z')

    const warning = await mailOf(account, 'Top up ')
    expect(warning.subject).toBe('Top up 7.35 USD before 2026-12-01')
    const link = new URL(/https?:\/\/\S+\/top-up\?\S+/.exec(warning.text)![0])
    const page = await fetch(link)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const { account: accountId, ...asked } = Object.fromEntries(link.searchParams)
    expect({ accountId, asked }).toEqual({
      accountId: account.accountId,
      asked: { amount: '7.35', currency: 'USD' },
    })

    // What the page sends when its button is pressed: test/portal holds it to that.
    const started = await account.owner.send<TopUp>('POST', pathOf(account, 'top-ups'), {
      body: asked,
      idempotencyKey: 'from-the-link',
    })
    expect(started.status).toBe('processing')
    await payCheckout(started.paymentUrl, PAYS)
    await test.stack.waitUntilIdle()
    const payment = await paymentOf(account, started.topUpId)
    expect(payment).toMatchObject({ amount: 735, amount_received: 735, currency: 'usd' })
    const receipt = await mailOf(account, 'Receipt: 7.35 USD')
    expect(receipt.text).toContain('We have received your payment of 7.35 USD and added it to your credit.')
    expect(receipt.text).toContain('Credit after it: 17.35 USD')
    expect(receipt.text).toContain(`Reference: ${started.topUpId}`)

    expect(await account.owner.get(pathOf(account, 'balance'))).toMatchObject({
      available: { amount: '17.35', currency: 'USD' },
      upcomingCharge: { total: { amount: '17.345' }, shortfall: { amount: '0.00' } },
    })
  })

  it('that is used entirely for what is owed says so, and so do its transaction and its receipt', async () => {
    const account = await test.openAccount()
    const disputed = await test.topUp(account, '50.00', 'disputed')
    const body = { amount: '50.00', currency: 'USD', description: 'Used' }
    await test.staff.send('POST', pathOf(account, 'charges'), { body, idempotencyKey: 'used' })
    test.stack.stripe.controls.openDispute((await paymentOf(account, disputed)).id)
    await test.stack.waitUntilIdle()

    const partly = await test.topUp(account, '20.00', 'partly')
    const owed = (amount: string) => ({ amount, currency: 'USD' })
    const topUp = await readTopUp(account, partly)
    expect(topUp).toMatchObject({ status: 'settled', amount: owed('20.00'), paidOwed: owed('20.00') })
    expect(await transactionOf(account, topUp.transaction)).toMatchObject({
      kind: 'top_up',
      amount: owed('0.00'),
      owed: owed('-20.00'),
      balanceAfter: owed('0.00'),
    })
    const { text } = await mailOf(account, 'Receipt: 20.00 USD')
    expect(text).toContain('All of it paid what you owed')
    expect(text).toContain('Credit after it: 0.00 USD')

    const rest = await readTopUp(account, await test.topUp(account, '40.00', 'rest'))
    expect(rest).toMatchObject({ paidOwed: owed('30.00') })
    expect(await transactionOf(account, rest.transaction)).toMatchObject({
      amount: owed('10.00'),
      owed: owed('-30.00'),
      balanceAfter: owed('10.00'),
    })
    const { text: receipt } = await mailOf(account, 'Receipt: 40.00 USD')
    expect(receipt).toContain('30.00 USD of it paid what you owed')
    expect(receipt).toContain('Credit after it: 10.00 USD')
    const first = await readTopUp(account, disputed)
    expect(first).not.toHaveProperty('paidOwed')
  })

  it.each([
    ['JPY', '1234', 1234, '1200', 1200, '34'],
    ['KWD', '12.340', 12340, '2.330', 2330, '10.010'],
  ])(
    'in %s of %s is exact at the provider, in its entry and back',
    async (currency, amount, minor, back, minorBack, left) => {
      const account = await test.openAccount({ currency })
      const topUpId = await test.topUp(account, amount, 'pay')
      const payment = await paymentOf(account, topUpId)
      const lower = currency.toLowerCase()
      expect(payment).toMatchObject({ amount: minor, amount_received: minor, currency: lower })
      const { transaction } = await readTopUp(account, topUpId)
      expect(await transactionOf(account, transaction)).toMatchObject({ amount: { amount, currency } })

      await test.staff.send('POST', pathOf(account, `top-ups/${topUpId}/refunds`), {
        body: { amount: back, currency, reason: 'You asked for it' },
        idempotencyKey: 'back',
      })
      await test.stack.waitUntilIdle()
      const { data } = await sdk.refunds.list({ payment_intent: payment.id })
      expect(data).toMatchObject([{ amount: minorBack, currency: lower, status: 'succeeded' }])
      expect(await transactionOf(account, transaction + 1)).toMatchObject({
        kind: 'top_up_refund',
        amount: { amount: `-${back}`, currency },
        balanceAfter: { amount: left, currency },
      })
      expect((await mailOf(account, 'Receipt')).subject).toBe(`Receipt: ${amount} ${currency} received`)
      expect((await mailOf(account, 'Refund')).subject).toBe(
        `Refund: ${back} ${currency} goes back to your card`,
      )
    },
  )
})
