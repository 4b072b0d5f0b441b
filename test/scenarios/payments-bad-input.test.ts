import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { problemSchema } from '../../functions/edge/problem.ts'
import { apiRoutes } from '../../functions/portal/api-routes.ts'
import { payCheckout, saveCard } from '../../local/stripe.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Method = 'POST' | 'PUT' | 'DELETE'
type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Mine = Account & Record<'topUpId' | 'refundId' | 'disputeId' | 'cardId', string>

const PAYS = '4242424242424242'
const IS_DISPUTED = '4000000000000259'

let test: TestStack
let mine: Mine
let theirs: Account
let keys = 0

beforeAll(async () => {
  test = await startTestStack()
  mine = await openWithPayments()
  theirs = await test.openAccount({ credit: '20.00' })
})
afterAll(() => test.stop())

const nextKey = () => {
  keys += 1
  return `key-${keys}`
}

/** An account with a card, a top-up that was refunded in part, and one that is disputed. */
async function openWithPayments(): Promise<Mine> {
  const account = await test.openAccount()
  const path = `/v1/accounts/${account.accountId}`
  const post = <Reply>(by: 'owner' | 'staff', at: string, body?: object) =>
    (by === 'owner' ? account.owner : test.staff).send<Reply>('POST', `${path}${at}`, {
      body,
      idempotencyKey: nextKey(),
    })
  const { setupUrl } = await post<{ setupUrl: string }>('owner', '/payment-methods')
  await saveCard(setupUrl, PAYS)
  const topUpId = await test.topUp(account, '20.00', nextKey())
  const disputed = { amount: '5.00', currency: 'USD' }
  await payCheckout(
    (await post<{ paymentUrl: string }>('owner', '/top-ups', disputed)).paymentUrl,
    IS_DISPUTED,
  )
  await test.stack.waitUntilIdle()
  const refund = { amount: '1.00', currency: 'USD', reason: 'You asked for it' }
  const { refundId } = await post<{ refundId: string }>('staff', `/top-ups/${topUpId}/refunds`, refund)
  await test.stack.waitUntilIdle()
  const { disputes } = await account.owner.get<{ disputes: { disputeId: string }[] }>(`${path}/disputes`)
  const { cards } = await account.owner.get<{ cards: { paymentMethodId: string }[] }>(
    `${path}/payment-methods`,
  )
  const [{ disputeId }, { paymentMethodId: cardId }] = [disputes[0]!, cards[0]!]
  return { ...account, topUpId, refundId, disputeId, cardId }
}

/** Every list and state of an account's payments, by its path. */
const pathsOf = ({ accountId }: Pick<Account, 'accountId'>, { topUpId, disputeId } = mine) => [
  `/v1/accounts/${accountId}/balance`,
  `/v1/accounts/${accountId}/payment-methods`,
  `/v1/accounts/${accountId}/auto-top-up`,
  `/v1/accounts/${accountId}/top-ups`,
  `/v1/accounts/${accountId}/top-ups/${topUpId}`,
  `/v1/accounts/${accountId}/top-ups/${topUpId}/refunds`,
  `/v1/accounts/${accountId}/disputes`,
  `/v1/accounts/${accountId}/disputes/${disputeId}`,
]
const stateOfMine = () =>
  Promise.all([...pathsOf(mine), '/v1/staff/payment-exceptions'].map((path) => test.staff.get(path)))

const autoTopUp = { currency: 'USD', threshold: '1.00', monthlyCap: '90.00', consent: true }
const ofMine = (path: string) => () => `/v1/accounts/${mine.accountId}${path}`
const refundsOfMine = () => ofMine(`/top-ups/${mine.topUpId}/refunds`)()

/** Whoever may send it, and a body whose every field is good. */
const requests: [string, 'owner' | 'staff', Method, () => string, Record<string, unknown>][] = [
  [
    'a top-up',
    'owner',
    'POST',
    ofMine('/top-ups'),
    { amount: '10.00', currency: 'USD', paymentMethod: 'checkout' },
  ],
  [
    'a top-up by card',
    'owner',
    'POST',
    ofMine('/top-ups'),
    { amount: '10.00', currency: 'USD', paymentMethod: 'saved_card', paymentMethodId: 'pm_x' },
  ],
  ['a target', 'owner', 'PUT', ofMine('/auto-top-up'), { ...autoTopUp, target: '2.00' }],
  ['a fixed amount', 'owner', 'PUT', ofMine('/auto-top-up'), { ...autoTopUp, amount: '2.00' }],
  ['a refund', 'staff', 'POST', refundsOfMine, { amount: '1.00', currency: 'USD', reason: 'x' }],
  ['a rejection', 'staff', 'POST', () => `${refundsOfMine()}/${mine.refundId}/rejection`, { reason: 'x' }],
  [
    'a card’s role',
    'owner',
    'PUT',
    () => ofMine(`/payment-methods/${mine.cardId}/role`)(),
    { role: 'default' },
  ],
  [
    'a resolution',
    'staff',
    'POST',
    () => `/v1/staff/payment-exceptions/${mine.accountId}/${mine.disputeId}/resolution`,
    { note: 'x' },
  ],
]

const NO_VALUES = [null, 5, 1e308, [], ['1'], {}, '', 'a\ud800b', 'a\u0000b', 'x'.repeat(100_000)]
const NO_AMOUNTS = [
  '-1',
  '0',
  '0.00',
  '1.0000001',
  '1.001',
  '9'.repeat(23),
  '1e3',
  '0x10',
  ' 1',
  '1,00',
  '１２',
]
const isAmount = (field: string) => ['amount', 'threshold', 'target', 'monthlyCap'].includes(field)

describe('a request about payments with a field that is none is a 4xx that names it, and nothing is written', () => {
  it.each(requests)('%s', async (_name, by, method, path, good) => {
    const before = await stateOfMine()
    for (const field of Object.keys(good))
      for (const value of isAmount(field) ? [...NO_VALUES, ...NO_AMOUNTS] : NO_VALUES) {
        const request = (by === 'owner' ? mine.owner : test.staff).send(method, path(), {
          body: { ...good, [field]: value },
          ...(method === 'POST' && { idempotencyKey: nextKey() }),
        })
        const { status, problem } = await refusalOf(request)
        const shown = `${field} ${JSON.stringify(value).slice(0, 30)}`
        expect([shown, status]).toEqual([shown, 400])
        expect(problemSchema.parse(problem).errors!.map((error) => error.field.split('.')[0])).toContain(
          field,
        )
      }
    expect(await stateOfMine()).toEqual(before)
  })

  it.each(requests)(
    '%s that is no object, has a member too many, or a megabyte of them',
    async (...request) => {
      const [_name, by, method, path, good] = request
      const before = await stateOfMine()
      const more = (member: string) => `${JSON.stringify(good).slice(0, -1)},${member}}`
      const bodies: [string, number][] = [
        ...['', '{', 'null', '[]', '"x"', '5', '['.repeat(20_000)].map((text): [string, number] => [
          text,
          400,
        ]),
        ...['"__proto__":{"x":1}', '"constructor":1', '"other":1'].map((it): [string, number] => [
          more(it),
          400,
        ]),
        [more(`"other":"${'x'.repeat(1024 * 1024)}"`), 413],
      ]
      for (const [text, expected] of bodies) {
        const sent = (by === 'owner' ? mine.owner : test.staff).send(method, path(), {
          text,
          ...(method === 'POST' && { idempotencyKey: nextKey() }),
        })
        const { status, problem } = await refusalOf(sent)
        expect([text.slice(0, 200), status]).toEqual([text.slice(0, 200), expected])
        expect(problemSchema.parse(problem).errors).toHaveLength(1)
      }
      expect(await stateOfMine()).toEqual(before)
    },
  )

  it('a card that is none of the account’s: 404 that names it', async () => {
    const body = {
      amount: '10.00',
      currency: 'USD',
      paymentMethod: 'saved_card',
      paymentMethodId: mine.cardId,
    }
    const request = theirs.owner.send('POST', `/v1/accounts/${theirs.accountId}/top-ups`, {
      body,
      idempotencyKey: nextKey(),
    })
    expect(await refusalOf(request)).toMatchObject({
      status: 404,
      problem: { code: 'card_not_found', errors: [{ field: 'paymentMethodId' }] },
    })
  })
})

describe('another client’s payments are not there', () => {
  it('by their account, nor by their ids in one’s own', async () => {
    for (const path of pathsOf(mine)) {
      expect([path, (await refusalOf(theirs.owner.get(path))).status]).toEqual([path, 404])
    }
    const byIds = pathsOf(theirs).filter(
      (path) => path.includes(mine.topUpId) || path.includes(mine.disputeId),
    )
    for (const path of byIds) {
      expect([path, (await refusalOf(theirs.owner.get(path))).status]).toEqual([path, 404])
      expect([path, (await refusalOf(test.staff.get(path))).status]).toEqual([path, 404])
    }
  })

  it('to be changed', async () => {
    const before = await stateOfMine()
    const card = `/v1/accounts/${theirs.accountId}/payment-methods/${mine.cardId}`
    const tries: [Method, string, object?][] = [
      ['PUT', `${card}/role`, { role: 'default' }],
      ['DELETE', card],
      ['DELETE', ofMine(`/payment-methods/${mine.cardId}`)()],
      ['DELETE', ofMine('/auto-top-up')()],
      ['PUT', ofMine('/auto-top-up')(), { ...autoTopUp, target: '2.00' }],
      ['POST', ofMine('/payment-methods')()],
      ['POST', ofMine('/top-ups')(), { amount: '10.00', currency: 'USD' }],
    ]
    for (const [method, path, body] of tries) {
      const request = theirs.owner.send(method, path, { body, idempotencyKey: nextKey() })
      expect([path, (await refusalOf(request)).status]).toEqual([path, 404])
    }
    expect(await stateOfMine()).toEqual(before)
  })

  it('to clients and to machines that send usage: what is for staff is for staff', async () => {
    const forStaff = [
      ...requests.filter(([, by]) => by === 'staff').map(([, , , path, body]) => [path(), body] as const),
      [`${refundsOfMine()}/${mine.refundId}/approval`, undefined] as const,
    ]
    for (const caller of [mine.owner, theirs.owner, test.usage])
      for (const [path, body] of forStaff) {
        const request = caller.send('POST', path, { body, idempotencyKey: nextKey() })
        expect([path, (await refusalOf(request)).status]).toEqual([path, 403])
      }
    expect((await refusalOf(mine.owner.get('/v1/staff/payment-exceptions'))).status).toBe(403)
    for (const path of pathsOf(mine)) expect((await refusalOf(test.usage.get(path))).status).toBe(403)
  })
})

describe('a reply about payments', () => {
  it('has what the API reference says, and nothing else', async () => {
    const schemaOf = (path: string): z.ZodType => {
      const isIt = ({ route }: { route: string }) =>
        new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(`GET ${path}`)
      return apiRoutes.find(isIt)!.responses[200]!.schema!
    }
    for (const path of [...pathsOf(mine), '/v1/staff/payment-exceptions'])
      for (const caller of path.startsWith('/v1/staff') ? [test.staff] : [test.staff, mine.owner]) {
        const reply = await caller.get(path)
        // What a schema does not name is left out by it.
        expect([path, schemaOf(path).parse(reply)]).toEqual([path, reply])
      }
  })
})
