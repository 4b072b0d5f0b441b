import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseProof } from '../../cli/drawdown/read-proof-file.ts'
import { beginVerification, endVerification, verifyPage } from '../../cli/drawdown/verify-statement.ts'
import { heardEvents, listeningAssembly } from '../support/listening-assembly.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Refund = { refundId: string; status: string; requestedBy?: string; decidedBy?: string }

let assembly: Awaited<ReturnType<typeof listeningAssembly>>
let test: TestStack

beforeAll(async () => {
  assembly = await listeningAssembly([
    'top_up_refund.awaiting_approval',
    'top_up_refund.asked',
    'top_up_refund.succeeded',
    'top_up_refund.failed',
  ])
  test = await startTestStack({ startAt: '2026-11-10T09:00:00.000Z', assemblyFolder: assembly.folder })
})
afterAll(async () => {
  await test?.stop()
  assembly?.remove()
})

const refundsOf = ({ accountId }: Account, topUpId: string) =>
  `/v1/accounts/${accountId}/top-ups/${topUpId}/refunds`
const ask = (account: Account, topUpId: string, amount: string, by = test.staff) =>
  by.send<Refund>('POST', refundsOf(account, topUpId), {
    body: { amount, currency: 'USD', reason: 'You asked for it' },
    idempotencyKey: `refund-${amount}`,
  })
const subjectsTo = (email: string) =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(email))
    .map(({ subject }) => subject)
    .toReversed()

async function booksOf({ accountId, owner }: Account) {
  const proof = await owner.get<object>(`/v1/accounts/${accountId}/statement-proof`)
  const page = parseProof('statement.json', JSON.stringify(proof))
  const verification = beginVerification(page)
  verifyPage(verification, page)
  endVerification(verification)
  const { lines } = await test.staff.get<{ lines: { account: string; sum: { amount: string } }[] }>(
    '/v1/trial-balance',
  )
  const csv = await fetch(new URL(`/v1/accounts/${accountId}/transactions`, test.stack.apiUrl), {
    headers: { authorization: `Bearer ${await test.stack.staffToken()}`, accept: 'text/csv' },
  })
  const sums = Object.fromEntries(lines.map(({ account, sum }) => [account, sum.amount]))
  return { faults: verification.faults, sums, csv: await csv.text() }
}

describe('a top-up that is refunded to its card', () => {
  it('is approved by a second person, told to the client, and in all the books', async () => {
    const account = await test.openAccount()
    const topUpId = await test.topUp(account, '1000.00', 'pay')
    const waiting = await ask(account, topUpId, '600.00')
    expect(waiting).toMatchObject({ status: 'awaiting_approval', requestedBy: 'machine:staff-machine' })
    const path = refundsOf(account, topUpId)
    const clients = () => account.owner.get<{ refunds: Refund[] }>(path)
    expect(await clients()).toEqual({ refunds: [] })

    const { exceptions } = await test.staff.get<{ exceptions: object[] }>('/v1/staff/payment-exceptions')
    expect(exceptions).toMatchObject([{ kind: 'refund_to_approve', id: waiting.refundId }])

    const approval = `${path}/${waiting.refundId}/approval`
    const bySelf = await refusalOf(test.staff.send('POST', approval, { idempotencyKey: 'self' }))
    expect(bySelf).toMatchObject({ status: 403, problem: { code: 'approval_by_machine' } })
    const person = test.person('finance@operator.example.com')
    const approved = await person.send<Refund>('POST', approval, { idempotencyKey: 'second' })
    expect(approved).toMatchObject({ status: 'succeeded', decidedBy: expect.stringMatching(/^person:/) })
    await test.stack.waitUntilIdle()

    const { refunds } = await clients()
    expect(refunds).toMatchObject([{ status: 'succeeded', amount: { amount: '600.00' }, transaction: 2 }])
    expect(refunds[0]).not.toHaveProperty('requestedBy')
    expect(refunds[0]).not.toHaveProperty('decidedBy')
    expect(await account.owner.get(`/v1/accounts/${account.accountId}/top-ups/${topUpId}`)).toMatchObject({
      refunded: { amount: '600.00', currency: 'USD' },
    })
    expect(subjectsTo(account.ownerEmail)).toEqual([
      'Receipt: 1000.00 USD received',
      'Refund: 600.00 USD goes back to your card',
    ])
    const { faults, sums, csv } = await booksOf(account)
    expect(faults).toEqual([])
    expect(sums).toMatchObject({ 'cash:stripe': '-400.00', 'client:available': '400.00' })
    expect(csv).toContain('top_up_refund,-600.00,USD,1000.00,400.00')
    expect(heardEvents(test.stack).map((event) => event['detail-type'])).toEqual([
      'top_up_refund.awaiting_approval',
      'top_up_refund.asked',
      'top_up_refund.succeeded',
    ])
  })

  it('is staff’s to refund alone, and of nobody else to see', async () => {
    const account = await test.openAccount({ credit: '20.00' })
    const stranger = await test.openAccount()
    const { topUps } = await account.owner.get<{ topUps: { topUpId: string }[] }>(
      `/v1/accounts/${account.accountId}/top-ups`,
    )
    const { topUpId } = topUps[0]!
    expect(await refusalOf(ask(account, topUpId, '1.00', account.owner))).toMatchObject({ status: 403 })
    expect(await refusalOf(stranger.owner.get(refundsOf(account, topUpId)))).toMatchObject({
      status: 404,
      problem: { code: 'account_not_found' },
    })
    expect(await refusalOf(stranger.owner.get(refundsOf(stranger, topUpId)))).toMatchObject({
      problem: { code: 'top_up_not_found' },
    })
    expect(await refusalOf(ask(account, topUpId, '20.01'))).toMatchObject({
      status: 409,
      problem: { code: 'more_than_unspent', unspent: { amount: '20.00', currency: 'USD' } },
    })
  })
})
