import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createDisputeStore } from '../../functions/disputes/dispute.store.ts'
import {
  DISPUTE_STATUSES,
  DISPUTE_TRANSITIONS,
  type DisputeStatus,
  isWithBank,
  watchOf,
} from '../../functions/disputes/dispute.ts'
import { createDisputeFollowing } from '../../functions/disputes/follow-dispute.store.ts'
import { log } from '../../functions/edge/log.ts'
import { debit } from '../../functions/ledger/decide-movement.ts'
import { payIn } from '../../functions/ledger/decide-payment.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import type { ProviderDispute } from '../../functions/top-up/payment-provider.ts'
import { reconcileList } from '../../functions/top-up/reconcile-list.store.ts'
import { decidedDisputeList } from '../../functions/top-up/reconcile-others.store.ts'
import { createTopUpStore } from '../../functions/top-up/top-up.store.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'
import { topUpMovement } from '../../functions/top-up/top-up-entry.ts'
import { createWatchListStore, type Watched } from '../../functions/top-up/watch-list.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
const UNIT = 1_000_000n
const PAID = 50n * UNIT
let database: TestDatabase
let ledger: Ledger
let count = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())
afterEach(() => vi.restoreAllMocks())

/** A settled top-up of which so much is spent, and the dispute about it, as the provider has it. */
async function openDispute({ spentMicros = 0n, told = {} as Partial<ProviderDispute> } = {}) {
  count += 1
  const accountId = `acc_dispute${String(count).padStart(5, '0')}`
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  const topUp: TopUp = {
    topUpId: `top_${String(count).padStart(22, '0')}`,
    accountId,
    status: 'settled',
    amountMicros: PAID,
    currency: 'USD',
    origin: 'manual',
    requestedMethod: 'checkout',
    method: 'checkout',
    saveCard: false,
    requestHash: 'h',
    actor: 'person:1',
    createdAt: at,
    paymentId: 'pi_1',
    settledAt: at,
    entrySequence: 1n,
    refundedMicros: 0n,
    changedAt: at,
    revision: 0n,
  }
  await createTopUpStore(database).create(topUp)
  const movement = topUpMovement(topUp, 'pi_1')
  await ledger.post({ accountId, key: 'paid', at, decide: (head) => payIn(head, movement) })
  if (spentMicros > 0n) await spend(accountId, spentMicros)
  const atProvider: ProviderDispute = {
    disputeId: `du_${count}`,
    paymentId: 'pi_1',
    amountMicros: PAID,
    currency: 'USD',
    status: 'open',
    reason: 'fraudulent',
    createdAt: at,
    ...told,
  }
  return { topUp, atProvider }
}

type Case = Awaited<ReturnType<typeof openDispute>>

let spends = 0
async function spend(accountId: string, amountMicros: bigint) {
  spends += 1
  const movement = {
    ...{ kind: 'charge' as const, amountMicros, currency: 'USD', contra: 'revenue:charge' as const },
    ...{ reason: 'used', actor: 'machine:test', detail: {} },
  }
  return ledger.post({ accountId, key: `spend:${spends}`, at, decide: (head) => debit(head, movement) })
}

/** Follows the dispute as the provider has it, through a client of the test's; something may happen after the provider answers. */
function followingOf(dispute: Case, client = database.client, afterLook = async () => {}, now = at) {
  const { disputeId } = dispute.atProvider
  return () => disputesOf(dispute, client, afterLook).receive({ disputeId, paymentId: 'pi_1' }, now)
}

function disputesOf({ topUp, atProvider }: Case, client = database.client, afterLook = async () => {}) {
  const { accountId, topUpId } = topUp
  return createDisputeFollowing({
    disputes: createDisputeStore({ ...database, client }),
    topUps: createTopUpStore({ ...database, client }),
    ledger: createLedger({ ...database, client }),
    settlement: { receive: async () => {} },
    provider: async () => ({
      findOwner: async () => ({ ok: true, owner: { accountId, topUpId } }),
      lookUpDispute: async () => {
        const dispute = { ...atProvider }
        await afterLook()
        return { ok: true, dispute }
      },
      lookUpPayment: async () => ({ ok: true, status: 'not_found' }),
    }),
    switchOffAutoTopUp: async () => [],
  })
}

async function stateOf({ topUp: { accountId }, atProvider: { disputeId } }: Case) {
  const head = (await ledger.readHead(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 100, ascending: true })
  expect(proveAccount(head, entries)).toEqual([])
  const document = await createDisputeStore(database).read(accountId, disputeId)
  const cash = entries
    .flatMap(({ postings }) => postings)
    .filter(({ account }) => account === 'cash:stripe')
    .reduce((sum, { amountMicros }) => sum - amountMicros, 0n)
  const { availableMicros: available, receivableMicros: owed } = head
  return { available, owed, cash, status: document?.status, entries: entries.length, document }
}

/** Statuses in which a bank may have a dispute one after the other. */
const walks = fc
  .array(fc.tuple(fc.nat(), fc.nat({ max: 2 })), { minLength: 1, maxLength: 6 })
  .map((steps) => {
    let options: readonly DisputeStatus[] = DISPUTE_STATUSES
    return steps.map(([choice, looks]) => {
      const status: DisputeStatus = options[choice % options.length]!
      options = DISPUTE_TRANSITIONS[status]
      return { status, looks }
    })
  })

describe('following a dispute', () => {
  it('comes to the same on whatever way it got there, however often and seldom it was looked at', async () => {
    vi.spyOn(log, 'error').mockReturnValue(undefined)
    await fc.assert(
      fc.asyncProperty(walks, fc.bigInt({ min: 0n, max: PAID }), async (walk, spentMicros) => {
        const dispute = await openDispute({ spentMicros })
        for (const { status, looks } of walk) {
          dispute.atProvider.status = status
          await Promise.all(Array.from({ length: looks }, () => followingOf(dispute)()))
        }
        await followingOf(dispute)()
        const status = walk.at(-1)!.status
        const reached = await stateOf(dispute)
        const outMicros = isWithBank(status) ? PAID : 0n
        expect(reached.status).toBe(status)
        expect(reached.cash).toBe(PAID - outMicros)
        expect(reached.available - reached.owed).toBe(PAID - spentMicros - outMicros)
        expect(reached.available * reached.owed).toBe(0n)
        await followingOf(dispute)()
        expect(await stateOf(dispute)).toEqual(reached)
      }),
      { numRuns: 40 },
    )
  })

  it('is done once, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      const dispute = await openDispute({ spentMicros: 30n * UNIT })
      const die = () => followingOf(dispute, dyingClient(database.client, { atWrite: 1, when }))()
      await expect(die()).rejects.toBeInstanceOf(Died)
      await followingOf(dispute)()
      expect(await stateOf(dispute)).toMatchObject({ available: 0n, owed: 30n * UNIT, cash: 0n, entries: 3 })
      dispute.atProvider.status = 'won'
      await expect(die()).rejects.toBeInstanceOf(Died)
      await followingOf(dispute)()
      expect(await stateOf(dispute)).toMatchObject({
        ...{ available: 20n * UNIT, owed: 0n, cash: PAID, entries: 4, status: 'won' },
      })
    }
  })

  it('takes nothing by an answer of before when the dispute is won meanwhile', async () => {
    const dispute = await openDispute()
    let looks = 0
    const overtaken = followingOf(dispute, database.client, async () => {
      looks += 1
      if (looks > 1) return
      dispute.atProvider.status = 'won'
      await followingOf(dispute)()
    })
    await overtaken()
    expect(looks).toBe(2)
    expect(await stateOf(dispute)).toMatchObject({ status: 'won', available: PAID, cash: PAID, entries: 1 })
  })

  it('takes what is there when credit is spent meanwhile, and the rest is owed', async () => {
    const dispute = await openDispute()
    let isOvertaken = false
    const overtaken = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isOvertaken) {
        isOvertaken = true
        await spend(dispute.topUp.accountId, 12n * UNIT)
      }
      return send()
    })
    await followingOf(dispute, overtaken)()
    const { document, ...reached } = await stateOf(dispute)
    expect(reached).toMatchObject({ available: 0n, owed: 12n * UNIT, cash: 0n, entries: 3 })
    expect(document!.taken).toEqual({
      entrySequence: 3n,
      creditMicros: 38n * UNIT,
      owedMicros: 12n * UNIT,
      availableAfterMicros: 0n,
      owedAfterMicros: 12n * UNIT,
    })
  })

  it.each([
    ['in another currency', { currency: 'EUR' }, 'other_currency'],
    ['of a second payment of its top-up', { paymentId: 'pi_2' }, 'payment_not_credited'],
  ] as const)('leaves one %s to staff, and forgets it when it is won', async (_, told, mismatch) => {
    const report = vi.spyOn(log, 'error').mockReturnValue(undefined)
    const dispute = await openDispute({ told })
    await followingOf(dispute)()
    await followingOf(dispute)()
    const reached = await stateOf(dispute)
    expect(reached).toMatchObject({ available: PAID, owed: 0n, status: 'open', entries: 1 })
    expect(reached.document).toMatchObject({ mismatch })
    expect(report).toHaveBeenCalledTimes(1)
    dispute.atProvider.status = 'won'
    await followingOf(dispute)()
    const won = await stateOf(dispute)
    expect(won).toMatchObject({ status: 'won', entries: 1 })
    expect(won.document!.mismatch).toBeUndefined()
  })

  it('leaves an amount that has changed to staff, and gives back what was taken when it is won', async () => {
    vi.spyOn(log, 'error').mockReturnValue(undefined)
    const dispute = await openDispute()
    await followingOf(dispute)()
    dispute.atProvider.amountMicros = 60n * UNIT
    await followingOf(dispute)()
    expect((await stateOf(dispute)).document).toMatchObject({
      amountMicros: PAID,
      mismatch: 'amount_changed',
    })
    dispute.atProvider.status = 'won'
    await followingOf(dispute)()
    expect(await stateOf(dispute)).toMatchObject({ available: PAID, cash: PAID, entries: 3 })
  })

  it('moves nothing by a status that cannot be', async () => {
    vi.spyOn(log, 'error').mockReturnValue(undefined)
    const dispute = await openDispute()
    await followingOf(dispute)()
    dispute.atProvider.status = 'inquiry'
    await followingOf(dispute)()
    const reached = await stateOf(dispute)
    expect(reached).toMatchObject({ status: 'open', cash: 0n, entries: 2 })
    expect(reached.document).toMatchObject({ mismatch: 'status_not_expected' })
  })

  it('that is decided anew, of which nobody tells, is found by asking each day', async () => {
    const dispute = await openDispute({ told: { status: 'lost' } })
    await followingOf(dispute)()
    dispute.atProvider.status = 'won'
    const list = decidedDisputeList(disputesOf(dispute))
    const { disputeId } = dispute.atProvider
    const run = {
      ...list,
      reconcile: async (watched: Watched, now: Date) =>
        watched.id === disputeId ? list.reconcile(watched, now) : 'open',
    } as const
    const now = new Date(Date.parse(at) + 2 * 86_400_000)
    await reconcileList(run, createWatchListStore(database), { now, mayGoOn: () => true })
    expect(await stateOf(dispute)).toMatchObject({ status: 'won', available: PAID, cash: PAID, entries: 3 })
  })

  it.each(['won', 'lost', 'closed'] as const)('is watched for 120 days after it is %s', async (status) => {
    const dispute = await openDispute({ told: { status } })
    const lookAfter = async (days: number) => {
      const now = new Date(Date.parse(at) + days * 86_400_000).toISOString()
      await followingOf(dispute, database.client, undefined, now)()
      return (await stateOf(dispute)).document!
    }
    expect(watchOf(await lookAfter(0))).toBe('dispute_decided')
    expect(watchOf(await lookAfter(120))).toBe('dispute_decided')
    const last = await lookAfter(121)
    expect(watchOf(last)).toBeUndefined()
    expect(await lookAfter(122)).toEqual(last)
    dispute.atProvider.status = 'open'
    expect(watchOf(await lookAfter(200))).toBe('disputed')
    dispute.atProvider.status = 'won'
    expect(watchOf(await lookAfter(300))).toBe('dispute_decided')
  })

  it('notes until when there is time for evidence, without moving its place on the list', async () => {
    const dispute = await openDispute({ told: { status: 'inquiry' } })
    await followingOf(dispute)()
    dispute.atProvider.evidenceDueAt = '2026-12-01T00:00:00.000Z'
    await followingOf(dispute)()
    expect((await stateOf(dispute)).document).toMatchObject({
      evidenceDueAt: '2026-12-01T00:00:00.000Z',
      changedAt: at,
      revision: 1n,
    })
  })
})
