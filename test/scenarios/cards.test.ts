import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveCard } from '../../local/stripe.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

const VISA = '4242424242424242'
const ASKS_THE_BANK = '4000002500003155'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-12-30T09:00:00.000Z' })
})
afterAll(() => test.stop())

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Shown = { paymentMethodId: string; role: string; state: string }

const pathOf = ({ accountId }: Account) => `/v1/accounts/${accountId}/payment-methods`
const shown = async (account: Account) => (await account.owner.get<{ cards: Shown[] }>(pathOf(account))).cards

async function enter(account: Account, cardNumber: string, expiry: string) {
  const { setupUrl } = await account.owner.send<{ setupUrl: string }>('POST', pathOf(account), {
    idempotencyKey: `card-${cardNumber}`,
  })
  await saveCard(setupUrl, cardNumber, { expiry })
  await test.stack.waitUntilIdle()
}

const subjectsTo = ({ ownerEmail }: Account) =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(ownerEmail))
    .map(({ subject }) => subject)
    .toReversed()

describe('cards, on the whole stack', () => {
  it('are saved at the provider’s page, pay, change roles, are told to expire, and are removed', async () => {
    const account = await test.openAccount({ timeZone: 'Asia/Kolkata' })
    await enter(account, VISA, '12/26')
    await enter(account, ASKS_THE_BANK, '06/30')
    const [first, second] = await shown(account)
    expect([first, second]).toMatchObject([{ role: 'default' }, { role: 'none' }])

    await account.owner.send('POST', `/v1/accounts/${account.accountId}/top-ups`, {
      body: { amount: '25.00', currency: 'USD', paymentMethod: 'saved_card' },
      idempotencyKey: 'by-card',
    })
    await test.stack.waitUntilIdle()
    expect(await account.owner.get(`/v1/accounts/${account.accountId}/balance`)).toMatchObject({
      available: { amount: '25.00' },
    })

    await test.stack.clock.advanceTo('2026-12-30T13:00:00.000Z')
    expect(subjectsTo(account).filter((subject) => /card ending/.test(subject))).toEqual([
      'Your card ending in 4242 expires on 2026-12-31',
    ])

    const role = `${pathOf(account)}/${second!.paymentMethodId}/role`
    await account.owner.send('PUT', role, { body: { role: 'backup' } })
    await test.stack.clock.advanceTo('2026-12-31T19:00:00.000Z')
    expect(await shown(account)).toMatchObject([
      { role: 'default', state: 'expired' },
      { role: 'backup', state: 'usable' },
    ])

    await account.owner.send('DELETE', `${pathOf(account)}/${first!.paymentMethodId}`)
    expect(await shown(account)).toMatchObject([
      { paymentMethodId: second!.paymentMethodId, role: 'default' },
    ])
    const stranger = test.person('stranger@elsewhere.example.com')
    expect(await refusalOf(stranger.get(pathOf(account)))).toMatchObject({ status: 404 })
  }, 180_000)
})
