import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDisputeStore } from '../../functions/disputes/dispute.store.ts'
import type { Dispute } from '../../functions/disputes/dispute.ts'
import { createRefundStore } from '../../functions/refunds/refund.store.ts'
import type { Refund } from '../../functions/refunds/refund.ts'
import { createTopUpStore } from '../../functions/top-up/top-up.store.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, type Reply, type Request, send, staffClaims, useDatabase } from '../support/request.ts'

const NOW = '2026-11-23T12:00:00.000Z'
const LIST = 'GET /v1/staff/payment-exceptions'
const RESOLVE = 'POST /v1/staff/payment-exceptions/{accountId}/{exceptionId}/resolution'
let database: TestDatabase
let handler: unknown
let count = 0

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(NOW) })
})
beforeEach(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  process.env.PAYMENTS_TABLE = database.paymentsTable
  vi.resetModules()
  handler = (await import('../../functions/payment-exceptions/payment-exceptions.handler.ts')).handler
})
afterEach(() => database.stop())
afterAll(() => {
  vi.useRealTimers()
})

const ago = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString()

async function topUpOf(more: Partial<TopUp>): Promise<TopUp> {
  count += 1
  return createTopUpStore(database).create({
    topUpId: `top_${String(count).padStart(22, '0')}`,
    accountId: 'acc_exceptions1',
    status: 'processing',
    amountMicros: 5_000_000n,
    currency: 'USD',
    origin: 'manual',
    requestedMethod: 'saved_card',
    method: 'saved_card',
    saveCard: false,
    requestHash: 'h',
    actor: 'person:1',
    createdAt: ago(60),
    refundedMicros: 0n,
    changedAt: ago(60),
    revision: 0n,
    ...more,
  })
}

async function disputeOf(more: Partial<Dispute>): Promise<Dispute> {
  count += 1
  const dispute: Dispute = {
    disputeId: `du_${count}`,
    accountId: 'acc_exceptions1',
    topUpId: 'top_0000000000000000000000',
    paymentId: 'pi_1',
    status: 'open',
    amountMicros: 5_000_000n,
    currency: 'USD',
    reason: 'fraudulent',
    openedAt: ago(60),
    takings: 1n,
    changedAt: ago(60),
    revision: 0n,
    ...more,
  }
  await createDisputeStore(database).write(undefined, dispute)
  return dispute
}

async function refundOf(more: Partial<Refund>): Promise<Refund> {
  count += 1
  const refund: Refund = {
    refundId: `ref_${String(count).padStart(22, '0')}`,
    accountId: 'acc_exceptions1',
    topUpId: 'top_0000000000000000000000',
    paymentId: 'pi_1',
    origin: 'staff',
    status: 'asked',
    amountMicros: 4_000_000n,
    currency: 'USD',
    reason: 'Asked for by the client',
    requestHash: 'h',
    requestedBy: 'person:1',
    createdAt: ago(120),
    changedAt: ago(120),
    revision: 0n,
    ...more,
  }
  await createRefundStore(database).create(refund)
  return refund
}

const ask = (
  request: Omit<Request, 'claims'>,
  claims: Record<string, unknown> = staffClaims,
): Promise<Reply> => send(handler, { ...request, claims })
const list = (query: Record<string, string> = {}) => ask({ route: LIST, query })
const resolve = (exceptionId: string, note: unknown = 'Looked at it', accountId = 'acc_exceptions1') =>
  ask({ route: RESOLVE, path: { accountId, exceptionId }, body: { note } })

async function shown(query: Record<string, string> = {}) {
  const reply = await list(query)
  expect(reply.status).toBe(200)
  return (reply.body.exceptions as unknown as { kind: string; id: string }[]).map(({ kind, id }) => [
    kind,
    id,
  ])
}

describe('the list of payment exceptions', () => {
  it('has each kind, the longest standing first, with what to do about it', async () => {
    const declined = await topUpOf({ status: 'failed', failureCode: 'card_declined', changedAt: ago(5) })
    const twice = await topUpOf({ status: 'settled', secondPaymentId: 'pi_second', changedAt: ago(4) })
    const mismatched = await topUpOf({ status: 'mismatched', mismatch: 'paid in EUR', changedAt: ago(3) })
    const dispute = await disputeOf({ evidenceDueAt: '2026-12-01T00:00:00.000Z', changedAt: ago(2) })
    const inquiry = await disputeOf({ status: 'inquiry', changedAt: ago(1) })
    const stuck = await topUpOf({ changedAt: ago(31) })
    expect(await shown()).toEqual([
      ['stuck', stuck.topUpId],
      ['declined', declined.topUpId],
      ['paid_twice', twice.topUpId],
      ['mismatched', mismatched.topUpId],
      ['disputed', dispute.disputeId],
      ['disputed', inquiry.disputeId],
    ])
    expect(await shown({ kind: 'disputed' })).toHaveLength(2)
    // Whatever is to be done about a payment has its top-up in its address.
    const { exceptions } = (await list()).body as unknown as { exceptions: { topUpId: string }[] }
    expect(exceptions.map(({ topUpId }) => topUpId)).toEqual(
      [stuck, declined, twice, mismatched, dispute, inquiry].map(({ topUpId }) => topUpId),
    )
    const { body } = await list({ kind: 'mismatched' })
    expect(body.exceptions).toEqual([
      {
        kind: 'mismatched',
        about: 'top_up',
        accountId: 'acc_exceptions1',
        id: mismatched.topUpId,
        topUpId: mismatched.topUpId,
        status: 'mismatched',
        amount: { amount: '5.00', currency: 'USD' },
        since: ago(3),
        why: 'paid in EUR',
        next: expect.stringContaining('Compare it with the provider'),
      },
    ])
  })

  it('has no payment that is only a little while under way, closed without a payment, or over', async () => {
    await topUpOf({ changedAt: ago(29) })
    await topUpOf({ method: 'checkout', changedAt: ago(24 * 60) })
    await topUpOf({ method: 'checkout', status: 'expired' })
    await topUpOf({ method: 'checkout', status: 'failed' })
    await topUpOf({ status: 'settled' })
    await disputeOf({ status: 'won' })
    expect(await shown()).toEqual([])
    const old = await topUpOf({ method: 'checkout', changedAt: ago(25 * 60) })
    expect(await shown()).toEqual([['stuck', old.topUpId]])
  })

  it('has refunds that wait, are stuck or failed, and none that is only a little while under way or over', async () => {
    const toApprove = await refundOf({ status: 'awaiting_approval', changedAt: ago(1) })
    const stuck = await refundOf({ changedAt: ago(60) })
    // It has failed, and its credit could not be given back yet.
    const notReturned = await refundOf({
      status: 'succeeded',
      failureCode: 'expired_or_canceled_card',
      changedAt: ago(61),
    })
    const failed = await refundOf({
      status: 'failed',
      failureCode: 'lost_or_stolen_card',
      changedAt: ago(2),
    })
    await refundOf({ changedAt: ago(59) })
    await refundOf({ status: 'succeeded' })
    await refundOf({ status: 'rejected' })
    expect(await shown()).toEqual([
      ['stuck', notReturned.refundId],
      ['stuck', stuck.refundId],
      ['refund_failed', failed.refundId],
      ['refund_to_approve', toApprove.refundId],
    ])
    expect(await shown({ kind: 'stuck' })).toHaveLength(2)
    expect(await shown({ kind: 'refund_to_approve' })).toHaveLength(1)
    const { body } = await list({ kind: 'refund_failed' })
    expect(body.exceptions).toEqual([
      {
        kind: 'refund_failed',
        about: 'refund',
        accountId: 'acc_exceptions1',
        id: failed.refundId,
        topUpId: failed.topUpId,
        status: 'failed',
        amount: { amount: '4.00', currency: 'USD' },
        since: ago(2),
        why: 'lost_or_stolen_card',
        paymentId: 'pi_1',
        next: expect.stringContaining('The credit is back'),
      },
    ])
    expect((await resolve(failed.refundId, 'Paid out by transfer')).status).toBe(200)
    expect(await shown({ kind: 'refund_failed' })).toEqual([])
  })

  it('comes whole and in order, in pages of any size', async () => {
    for (let minutes = 1; minutes <= 12; minutes++) {
      const changedAt = ago(minutes * 10)
      if (minutes % 4 === 0) await disputeOf({ changedAt })
      else if (minutes % 4 === 1) await topUpOf({ status: 'failed', changedAt })
      else if (minutes % 4 === 2) await topUpOf({ method: 'checkout', changedAt })
      else await topUpOf({ changedAt })
    }
    const whole = await shown({ limit: '100' })
    expect(whole).toHaveLength(9)
    for (const limit of ['1', '2', '5']) {
      const paged: unknown[] = []
      let cursor: string | undefined
      do {
        const { body } = await list({ limit, ...(cursor && { cursor }) })
        const page = body.exceptions as unknown as { kind: string; id: string }[]
        expect(page.length).toBeLessThanOrEqual(Number(limit))
        paged.push(...page.map(({ kind, id }) => [kind, id]))
        cursor = body.nextCursor as unknown as string | undefined
      } while (cursor)
      expect(paged).toEqual(whole)
    }
  })

  it('is for staff alone', async () => {
    const client = personClaims('owner@client.example.com')
    const request = { route: RESOLVE, path: { accountId: 'acc_exceptions1', exceptionId: 'du_1' } }
    expect((await ask({ route: LIST }, client)).status).toBe(403)
    expect((await ask({ ...request, body: { note: 'x' } }, client)).status).toBe(403)
  })

  it.each([
    [{ kind: 'other' }, 'kind'],
    [{ limit: '0' }, 'limit'],
    [{ cursor: 'nonsense' }, 'cursor'],
  ])('names the field of a bad request: %o', async (query, field) => {
    const { status, body } = await list(query as Record<string, string>)
    expect([status, body.errors]).toEqual([400, [expect.objectContaining({ field })]])
  })
})

describe('taking one off the list', () => {
  it('keeps who, when and why, also when it comes again and is taken off once more', async () => {
    const mismatched = await topUpOf({ status: 'mismatched', mismatch: 'paid in EUR' })
    const { status, body } = await resolve(mismatched.topUpId, 'Refunded at the provider')
    expect([status, body]).toEqual([
      200,
      { note: 'Refunded at the provider', resolvedBy: 'machine:staff-machine', resolvedAt: NOW },
    ])
    expect(await shown()).toEqual([])
    const topUps = createTopUpStore(database)
    const read = () => topUps.read(mismatched.accountId, mismatched.topUpId)
    await topUps.note((await read())!, { refundedMicros: 1n })
    expect(await shown()).toEqual([])
    const declined = await topUpOf({ status: 'failed', failureCode: 'card_declined' })
    await resolve(declined.topUpId, 'Called the client')
    const paying = await topUps.read(declined.accountId, declined.topUpId)
    await topUps.move(paying!, 'mismatched', ago(0), { mismatch: 'paid in EUR' })
    const again = await list()
    expect(again.body.exceptions).toMatchObject([
      { id: declined.topUpId, kind: 'mismatched', lastResolution: { note: 'Called the client' } },
    ])
    await resolve(declined.topUpId, 'Refunded')
    expect(await shown()).toEqual([])
    const { Items = [] } = await database.client.send(
      new QueryCommand({
        TableName: database.paymentsTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: {
          ':pk': 'ACCOUNT#acc_exceptions1',
          ':prefix': `RESOLUTION#${declined.topUpId}`,
        },
      }),
    )
    expect(Items.map(({ kind, note }) => [kind, note])).toEqual([
      ['declined', 'Called the client'],
      ['mismatched', 'Refunded'],
    ])
  })

  it('answers the same again, and another word on it not at all', async () => {
    const { topUpId } = await topUpOf({ status: 'mismatched' })
    const first = await resolve(topUpId)
    expect(await resolve(topUpId)).toEqual(first)
    expect((await resolve(topUpId, 'Something else')).body.code).toBe('exception_resolved')
  })

  it('lets schedules go on with what is still open at the provider', async () => {
    const stuck = await topUpOf({})
    const dispute = await disputeOf({})
    for (const id of [stuck.topUpId, dispute.disputeId]) expect((await resolve(id)).status).toBe(200)
    expect(await shown()).toEqual([])
    for (const list of ['WATCH#open', 'WATCH#disputed']) {
      const { Items } = await database.client.send(
        new QueryCommand({
          TableName: database.paymentsTable,
          IndexName: 'index2',
          KeyConditionExpression: 'index2pk = :list',
          ExpressionAttributeValues: { ':list': list },
        }),
      )
      expect(Items).toHaveLength(1)
    }
  })

  it('refuses what is on no list, and a note that is none', async () => {
    const { topUpId } = await topUpOf({ changedAt: ago(1) })
    expect((await resolve(topUpId)).body.code).toBe('exception_not_found')
    expect((await resolve('du_nothing')).body.code).toBe('exception_not_found')
    const mismatched = await topUpOf({ status: 'mismatched' })
    expect((await resolve(mismatched.topUpId, 'x', 'acc_somebodyelse')).status).toBe(404)
    expect((await resolve(mismatched.topUpId, '')).body.errors).toMatchObject([{ field: 'note' }])
    expect(await shown()).toHaveLength(1)
  })
})
