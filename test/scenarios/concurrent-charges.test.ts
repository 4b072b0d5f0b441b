import { afterAll, beforeAll, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack()
})
afterAll(() => test.stop())

it('accepts exactly 20 of 200 charges at once on credit for 20, through the HTTP API', async () => {
  const account = await test.openAccount({ credit: '20.00' })
  const charge = (index: number) =>
    test.staff.send('POST', `/v1/accounts/${account.accountId}/charges`, {
      body: { amount: '1.00', currency: 'USD', description: `charge ${index}` },
      idempotencyKey: `charge-${index}`,
    })
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const outcome = await charge(index).then(
        () => 'accepted',
        async (error) => (await refusalOf(Promise.reject(error))).problem.code,
      )
      // What was refused only because too much was going on is sent again, with the same key, as the API says.
      return outcome === 'busy'
        ? charge(index).then(
            () => 'accepted',
            () => 'refused',
          )
        : outcome
    }),
  )
  expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(20)
  expect(outcomes.filter((outcome) => outcome === 'insufficient_credit').length).toBeGreaterThan(0)

  const balance = await account.owner.get<{ available: { amount: string }; sequence: number }>(
    `/v1/accounts/${account.accountId}/balance`,
  )
  expect(balance.available.amount).toBe('0.00')
  expect(balance.sequence).toBe(21)
  const { transactions } = await account.owner.get<{ transactions: { kind: string }[] }>(
    `/v1/accounts/${account.accountId}/transactions`,
    { kind: 'charge', limit: '200' },
  )
  expect(transactions).toHaveLength(20)
})
