import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { startPayments } from '../top-up/payments.ts'
import {
  type PaidIn,
  type Payments,
  payIn,
  refundedAtProvider,
  refundingThrough,
  spend,
  stateOf,
} from './refunding.ts'

const REQUESTER = 'person:1'
const SECOND = 'person:2'
const THIRD = 'person:3'
let payments: Payments
let refunding: ReturnType<typeof refundingThrough>

beforeAll(async () => {
  payments = await startPayments()
  refunding = refundingThrough(payments)
})
afterAll(() => payments.stop())

const approving = (paid: PaidIn, refundId: string, actor = SECOND) => ({
  ...paid,
  refundId,
  actor,
  now: new Date(),
})
const rejecting = (paid: PaidIn, refundId: string, actor = SECOND) => ({
  ...approving(paid, refundId, actor),
  reason: 'No',
})
const isDecided = { code: 'refund_already_decided' }

/** A refund above what one person may do, which waits. */
async function waiting(amount = '500.01') {
  const paid = await payIn(payments, '2000.00')
  const refund = await refunding.refund(paid, amount)
  expect(refund).toMatchObject({ status: 'awaiting_approval' })
  return { paid, refundId: refund.refundId }
}

/** What refunds, where something else happens before its first transaction. */
function overtakenBy(meanwhile: () => Promise<unknown>) {
  let isOvertaken = false
  const client = interposedClient(payments.database.client, async (command, send) => {
    if (command instanceof TransactWriteCommand && !isOvertaken) {
      isOvertaken = true
      await meanwhile()
    }
    return send()
  })
  return refundingThrough(payments, { client })
}

describe('a refund above what one person may do', () => {
  it('sets nothing aside while it waits, and is made when another person approves it', async () => {
    const { paid, refundId } = await waiting()
    expect(await stateOf(payments, paid)).toMatchObject({
      availableMicros: 2_000_000_000n,
      refundedMicros: 0n,
    })
    expect(await refundedAtProvider(payments, paid)).toBe(0n)
    const approved = await refunding.approve(approving(paid, refundId))
    expect(approved).toMatchObject({ status: 'succeeded', requestedBy: REQUESTER, decidedBy: SECOND })
    expect(await refunding.approve(approving(paid, refundId))).toEqual(approved)
    expect(await stateOf(payments, paid)).toMatchObject({ refundedMicros: 500_010_000n })
    expect(await refundedAtProvider(payments, paid)).toBe(500_010_000n)
  })

  it('is not approved by who asked for it, nor by a machine', async () => {
    const { paid, refundId } = await waiting()
    await expect(refunding.approve(approving(paid, refundId, REQUESTER))).rejects.toMatchObject({
      code: 'approval_by_requester',
    })
    await expect(refunding.approve(approving(paid, refundId, 'machine:robot'))).rejects.toMatchObject({
      code: 'approval_by_machine',
    })
    const other = { ...approving(paid, refundId), topUpId: `top_${'x'.repeat(22)}` }
    await expect(refunding.approve(other)).rejects.toMatchObject({ code: 'refund_not_found' })
    expect(await refunding.refunds.read(paid.account.accountId, refundId)).toMatchObject({ revision: 0n })
  })

  it('is needed as well for many small ones of one top-up by one person, and not for another’s', async () => {
    const paid = await payIn(payments, '2000.00')
    expect(await refunding.refund(paid, '499.99', { key: '1' })).toMatchObject({ status: 'succeeded' })
    expect(await refunding.refund(paid, '0.01', { key: '2' })).toMatchObject({ status: 'succeeded' })
    expect(await refunding.refund(paid, '0.01', { key: '3' })).toMatchObject({ status: 'awaiting_approval' })
    const others = await refunding.refund(paid, '500.00', { key: '4', actor: SECOND })
    expect(others).toMatchObject({ status: 'succeeded' })
  })

  it('is needed for the second of two at once that exceed the limit together', async () => {
    const paid = await payIn(payments, '2000.00')
    const first = () => refunding.refund(paid, '300.00', { key: 'first' })
    const second = await overtakenBy(first).refund(paid, '300.00', { key: 'second' })
    expect(second).toMatchObject({ status: 'awaiting_approval' })
    expect(await stateOf(payments, paid)).toMatchObject({ refundedMicros: 300_000_000n })
  })

  it('is decided anew when it is approved, and goes on waiting where it is too much by then', async () => {
    const { paid, refundId } = await waiting()
    await spend(payments, paid.account, 1_600_000_000n)
    await expect(refunding.approve(approving(paid, refundId))).rejects.toMatchObject({
      code: 'more_than_unspent',
      extra: { unspent: { amount: '400.00', currency: 'USD' } },
    })
    expect(await refunding.refunds.read(paid.account.accountId, refundId)).toMatchObject({
      status: 'awaiting_approval',
    })
    await expect(refunding.refund(paid, '600.00', { key: 'key-2' })).rejects.toMatchObject({
      code: 'more_than_unspent',
    })
  })

  it('is rejected with a reason, also by who asked for it, and never made then', async () => {
    const { paid, refundId } = await waiting()
    const rejected = await refunding.reject(rejecting(paid, refundId, REQUESTER))
    expect(rejected).toMatchObject({ status: 'rejected', rejection: 'No', decidedBy: REQUESTER })
    expect(await refunding.reject(rejecting(paid, refundId, REQUESTER))).toEqual(rejected)
    await expect(refunding.approve(approving(paid, refundId))).rejects.toMatchObject(isDecided)
    expect(await refunding.refund(paid, '500.01')).toEqual(rejected)
    expect(await refundedAtProvider(payments, paid)).toBe(0n)
  })

  it('is made once when two approve it at once; the second is told', async () => {
    const { paid, refundId } = await waiting()
    const first = () => refunding.approve(approving(paid, refundId))
    const second = overtakenBy(first).approve(approving(paid, refundId, THIRD))
    await expect(second).rejects.toMatchObject(isDecided)
    expect(await stateOf(payments, paid)).toMatchObject({ kinds: ['top_up', 'top_up_refund'] })
    expect(await refundedAtProvider(payments, paid)).toBe(500_010_000n)
  })

  it('follows the first word when it is approved and rejected at once', async () => {
    const { paid, refundId } = await waiting()
    const rejection = () => refunding.reject(rejecting(paid, refundId, THIRD))
    const approval = overtakenBy(rejection).approve(approving(paid, refundId))
    await expect(approval).rejects.toMatchObject(isDecided)
    await expect(refunding.reject(rejecting(paid, refundId))).rejects.toMatchObject(isDecided)
    expect(await stateOf(payments, paid)).toMatchObject({ refundedMicros: 0n, kinds: ['top_up'] })
    expect(await refundedAtProvider(payments, paid)).toBe(0n)
  })
})

describe('a process that dies', () => {
  const dies = [1, 2].flatMap((atWrite) => (['before', 'after'] as const).map((when) => ({ atWrite, when })))

  it.each(dies)('while it refunds leaves one refund to the next: $when write $atWrite', async (death) => {
    const paid = await payIn(payments)
    const dying = refundingThrough(payments, { client: dyingClient(payments.database.client, death) })
    await expect(dying.refund(paid, '4.00')).rejects.toBeInstanceOf(Died)
    expect(await refunding.refund(paid, '4.00')).toMatchObject({ status: 'succeeded' })
    await payments.stripe.untilIdle()
    expect(await stateOf(payments, paid)).toMatchObject({
      availableMicros: 6_000_000n,
      refundedMicros: 4_000_000n,
      kinds: ['top_up', 'top_up_refund'],
    })
    expect(await refundedAtProvider(payments, paid)).toBe(4_000_000n)
  })

  it.each(dies)('while it approves leaves one refund to the next: $when write $atWrite', async (death) => {
    const { paid, refundId } = await waiting()
    const dying = refundingThrough(payments, { client: dyingClient(payments.database.client, death) })
    await expect(dying.approve(approving(paid, refundId))).rejects.toBeInstanceOf(Died)
    expect(await refunding.approve(approving(paid, refundId))).toMatchObject({ status: 'succeeded' })
    await payments.stripe.untilIdle()
    expect(await stateOf(payments, paid)).toMatchObject({ kinds: ['top_up', 'top_up_refund'] })
    expect(await refundedAtProvider(payments, paid)).toBe(500_010_000n)
  })

  it.each(['before', 'after'] as const)(
    'while it gives back leaves it to the schedule: %s the write',
    async (when) => {
      const paid = await payIn(payments)
      const client = dyingClient(payments.database.client, { atWrite: 2, when })
      const refusing = {
        ...payments.provider,
        refund: async () => ({ ok: false as const, reason: 'refused' as const, code: 'charge_disputed' }),
      }
      const dying = refundingThrough(payments, { client, provider: refusing })
      await expect(dying.refund(paid, '4.00')).rejects.toBeInstanceOf(Died)
      const [left] = await refunding.refunds.list(paid.account.accountId, paid.topUpId, { limit: 1 })
      const settled = await refundingThrough(payments, { provider: refusing }).reconcile(left!, new Date())
      expect(settled).toMatchObject({ status: 'failed', failureCode: 'charge_disputed' })
      expect(await stateOf(payments, paid)).toMatchObject({
        availableMicros: 10_000_000n,
        kinds: ['top_up', 'top_up_refund', 'top_up_refund_failed'],
      })
    },
  )
})
