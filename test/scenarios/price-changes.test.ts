import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>

let test: TestStack
/** Pays the plan's fees. */
let listed: Account
/** Pays a fee that was agreed with it. */
let agreed: Account

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-29T12:00:00.000Z' })
  await setSeat('5.00', '2026-01-01T00:00:00Z')
  listed = await test.openAccount({ credit: '100.00', timeZone: 'Europe/Berlin' })
  agreed = await test.openAccount({ credit: '100.00', timeZone: 'Europe/Berlin' })
  for (const { accountId, owner } of [listed, agreed])
    await owner.send('PUT', `/v1/accounts/${accountId}/plan`, {
      body: { planId: 'seats', services: [{ service: 'seat', quantity: 2 }] },
    })
})
afterAll(() => test?.stop())

const setSeat = (unitFee: string, effectiveFrom: string) =>
  test.staff.send('PUT', '/v1/plans/seats', {
    body: {
      ...{ name: 'Seats', clientType: 'hosted', currency: 'USD', effectiveFrom },
      services: [{ service: 'seat', name: 'Seat', unitFee }],
    },
  })
const usd = (amount: string) => ({ amount, currency: 'USD' })
const of = <Reply>({ accountId, owner }: Account, what: string) =>
  owner.get<Reply>(`/v1/accounts/${accountId}/${what}`)
const chargesOf = async (account: Account) => {
  type Page = { transactions: { kind: string; amount: { amount: string } }[] }
  const { transactions } = await of<Page>(account, 'transactions')
  return transactions.flatMap(({ kind, amount }) => (kind === 'plan' ? [amount.amount] : [])).toReversed()
}
const mailsOf = ({ ownerEmail }: Account) =>
  test.stack.inbox
    .list()
    .filter(({ to, subject }) => to.includes(ownerEmail) && subject.includes('service plan costs'))
    .map(({ subject }) => subject)

describe('a price that changes', () => {
  it('is agreed with one account by staff alone, for months that have not begun', async () => {
    const path = `/v1/accounts/${agreed.accountId}/plan-prices`
    const price = { service: 'seat', unitFee: '4.00', fromPeriod: '2026-12', reason: 'Three years' }
    const put = (prices: object[], who = test.staff) => who.send('PUT', path, { body: { prices } })
    expect(await refusalOf(put([price], agreed.owner))).toMatchObject({ status: 403 })
    expect(await refusalOf(put([{ ...price, fromPeriod: '2026-11' }]))).toMatchObject({
      status: 400,
      problem: { code: 'request_invalid', errors: [{ field: 'prices.0.fromPeriod' }] },
    })
    expect(await put([price])).toMatchObject({ prices: [{ unitFee: usd('4.00'), reason: 'Three years' }] })
    expect(await of(agreed, 'upcoming-charge')).toMatchObject({
      total: usd('8.00'),
      lines: [{ service: 'seat', isAgreed: true }],
    })
  })

  it('is told ahead, once, to whom it changes what they pay, and shown until then', async () => {
    expect(await refusalOf(setSeat('5.50', '2026-12-10T00:00:00Z'))).toMatchObject({
      status: 400,
      problem: { code: 'request_invalid', errors: [{ field: 'effectiveFrom' }] },
    })
    await setSeat('5.50', '2026-12-31T23:00:00Z')
    await test.stack.clock.advanceTo('2026-11-29T14:30:00.000Z')
    await test.stack.waitUntilIdle()
    expect(mailsOf(listed)).toEqual(['From 2027-01-01 your service plan costs 11.00 USD a month'])
    expect(mailsOf(agreed)).toEqual([])
    expect(await of(listed, 'plan')).toMatchObject({
      announced: [{ planVersion: 2, fromPeriod: '2027-01', before: usd('10.00'), after: usd('11.00') }],
    })
    expect(await of(agreed, 'plan')).toMatchObject({ announced: [] })
  })

  it('prices the months from then on, and none before', async () => {
    expect(await of(listed, 'upcoming-charge')).toMatchObject({ period: '2026-12', total: usd('10.00') })
    await test.stack.clock.advanceTo('2026-12-01T00:30:00.000Z')
    await test.stack.waitUntilIdle()
    expect(await chargesOf(listed)).toEqual(['-10.00'])
    expect(await chargesOf(agreed)).toEqual(['-8.00'])
    expect(await of(listed, 'upcoming-charge')).toMatchObject({ period: '2027-01', total: usd('11.00') })
    expect(await of(agreed, 'upcoming-charge')).toMatchObject({ period: '2027-01', total: usd('8.00') })
    expect(mailsOf(listed)).toHaveLength(1)
  })
})
