import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createCardSetup } from '../../functions/cards/open-card-setup.store.ts'
import { log } from '../../functions/edge/log.ts'
import { answerStarted } from '../../functions/top-up/present-top-up.ts'
import { payCheckout } from '../../local/stripe.ts'
import { startPayments } from './payments.ts'

const PAYS = '4242424242424242'
let payments: Awaited<ReturnType<typeof startPayments>>

beforeAll(async () => {
  vi.spyOn(log, 'error').mockReturnValue(undefined)
  payments = await startPayments()
})
afterAll(() => payments.stop())

/** An account with a saved card, whose customer somebody then deletes at the provider. */
async function openWithDeletedCustomer() {
  const account = await payments.openAccount()
  const { accountId } = account
  const first = await payments.start(account, '10.00', { saveCard: true }, 'first')
  await payCheckout(first.paymentUrl!, PAYS)
  await payments.stripe.untilIdle()
  const { customerId } = await payments.cards.read(accountId)
  await payments.sdk.customers.del(customerId!)
  await payments.stripe.untilIdle()
  const cards = () => payments.cards.read(accountId)
  return { account, accountId, customerId, cards }
}

const refused = expect.objectContaining({ code: 'customer_gone' })

describe('a customer that somebody has deleted at the provider', () => {
  it.each([
    ['saved card', { paymentMethod: 'saved_card' }],
    ['page', { paymentMethod: 'checkout' }],
  ] as const)(
    'refuses a payment by %s clearly, again to a repeat, and is made anew for the next',
    async (_, more) => {
      const { account, accountId, customerId, cards } = await openWithDeletedCustomer()
      for (const _ of [1, 2]) {
        const topUp = await payments.start(account, '7.00', more)
        expect(topUp).toMatchObject({ status: 'failed', failureCode: 'customer_gone' })
        expect(() => answerStarted(topUp)).toThrow(refused)
      }
      const after = await cards()
      expect(after).toMatchObject({ accountId, cards: [], goneCustomerId: customerId })
      expect(after).not.toHaveProperty('customerId')
      expect(after).not.toHaveProperty('defaultCardId')
      const anew = await payments.start(account, '8.00', { saveCard: true }, 'key-2')
      await payCheckout(anew.paymentUrl!, PAYS)
      await payments.stripe.untilIdle()
      expect((await payments.ledger.readHead(accountId))!.availableMicros).toBe(18_000_000n)
      const { customerId: newId, cards: kept } = await cards()
      expect(newId).not.toBe(customerId)
      expect(kept).toHaveLength(1)
    },
  )

  it('refuses the page for a card clearly, and has one for the next request', async () => {
    const { accountId, customerId, cards } = await openWithDeletedCustomer()
    const setup = createCardSetup({ cards: payments.cards, provider: async () => payments.provider })
    const open = (idempotencyKey: string) =>
      setup.open({
        accountId,
        idempotencyKey,
        returnUrl: 'http://portal.example.com',
        at: new Date().toISOString(),
      })
    await expect(open('key-1')).rejects.toEqual(refused)
    expect(await cards()).toMatchObject({ cards: [], goneCustomerId: customerId })
    expect(await open('key-2')).toMatchObject({ setupUrl: expect.stringMatching(/^http/) })
  })

  it('is not taken for one that the provider never had, as with another account’s key: nothing is forgotten', async () => {
    const account = await payments.openAccount()
    const { accountId } = account
    await payments.cards.change(accountId, new Date().toISOString(), (before) => ({
      ...before,
      customerId: 'cus_of_another_key',
    }))
    await expect(payments.start(account, '7.00')).rejects.toMatchObject({ code: 'resource_missing' })
    expect(await payments.cards.read(accountId)).toMatchObject({ customerId: 'cus_of_another_key' })
    expect(await payments.topUps.list(accountId, { limit: 1 })).toMatchObject([{ status: 'created' }])
  })

  it('is asked about again when the provider does not say', async () => {
    const { account, customerId, cards } = await openWithDeletedCustomer()
    payments.stripe.addFault({ endpoint: 'GET /v1/customers/:id', kind: 'error_before', times: 3 })
    await expect(payments.start(account, '7.00')).rejects.toMatchObject({
      code: 'payment_provider_unavailable',
    })
    expect(await cards()).toMatchObject({ customerId })
    expect(await payments.start(account, '7.00')).toMatchObject({ failureCode: 'customer_gone' })
  })
})
