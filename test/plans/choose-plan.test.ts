import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeAccount } from '../../functions/accounts/change-account.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { november, planAccounts } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  await world.setBasicPlan()
})
afterAll(() => database.stop())

describe('choosing a plan', () => {
  it('writes plan, due charge and due warning together, from the next month on', async () => {
    const account = await world.open()
    for (const when of ['before', 'after'] as const) {
      const dying = dyingClient(database.client, { atWrite: 1, when })
      await expect(world.choose(account, 5, november, dying)).rejects.toThrow(Died)
      const written = when === 'after'
      expect((await world.subscriptions.read(account.accountId)) !== undefined).toBe(written)
      expect((await world.subscriptions.readDue(account.accountId, 'charge')) !== undefined).toBe(written)
      expect((await world.subscriptions.readDue(account.accountId, 'warning')) !== undefined).toBe(written)
    }
    await world.choose(account, 5, november)
    expect(await world.subscriptions.read(account.accountId)).toMatchObject({ revision: 1n })
    expect(await world.subscriptions.readDue(account.accountId, 'charge')).toMatchObject({
      period: '2026-12',
      dueAt: '2026-11-30T23:00:00.000Z',
    })
    expect(await world.subscriptions.readDue(account.accountId, 'warning')).toMatchObject({
      period: '2026-12',
      dueAt: '2026-11-25T23:00:00.000Z',
    })
  })

  it('changes nothing when the same choice is sent again, or many times at once', async () => {
    const account = await world.open()
    const chosen = await Promise.all([1, 2, 3, 4].map(() => world.choose(account, 5, november)))
    expect(chosen.every(({ ok }) => ok)).toBe(true)
    await world.choose(account, 5, new Date('2026-11-20T00:00:00.000Z'))
    const subscription = await world.subscriptions.read(account.accountId)
    expect(subscription).toMatchObject({ revision: 1n, terms: [{ fromPeriod: '2026-12' }] })
  })

  it('replaces a choice made in the same month', async () => {
    const account = await world.open()
    await world.choose(account, 5, november)
    await world.choose(account, 6, november)
    const subscription = await world.subscriptions.read(account.accountId)
    expect(subscription!.terms).toMatchObject([{ services: [{ service: 'seat', quantity: 6n }] }])
  })

  it('refuses, by field, what does not fit the account', async () => {
    const choose = (account: Awaited<ReturnType<typeof world.open>>, planId: string, service = 'seat') =>
      choosePlan(database, {
        account,
        choice: { planId, services: [{ service, quantity: 1n }] },
        actor: 'x',
        now: november,
      })
    const refusal = (field: string, detail: unknown = expect.any(String)) => ({
      ok: false,
      reason: 'request_invalid',
      errors: [{ field, detail }],
    })
    const account = await world.open()
    expect(await choose(account, 'nothing')).toEqual(refusal('planId'))
    expect(await choose(account, 'basic', 'desk')).toEqual(
      refusal('services.0.service', 'desk is not a service of plan basic'),
    )
    expect(await choose(await world.open({ currency: 'EUR' }), 'basic')).toEqual(refusal('planId'))
    expect(await choose(await world.open({ clientType: 'private_cloud' }), 'basic')).toEqual(
      refusal('planId'),
    )
    await world.plans.set(
      'later',
      {
        name: 'L',
        clientType: 'hosted',
        currency: 'USD',
        effectiveFrom: '2027-01-01T00:00:00.000Z',
        baseFeeMicros: 0n,
        services: [],
      },
      november.toISOString(),
    )
    expect(await choose(account, 'later')).toEqual(refusal('planId', 'is not in force yet on 2026-12-01'))
    expect(await world.subscriptions.read(account.accountId)).toBeUndefined()
  })

  it('keeps the time zone in which an account’s months are reckoned', async () => {
    const account = await world.open()
    await changeAccount(database, account.accountId, { timeZone: 'Asia/Tokyo' })
    expect(await world.choose(account, 5, november)).toEqual({ ok: false, reason: 'changed_meanwhile' })
    expect((await world.choose({ ...account, timeZone: 'Asia/Tokyo' }, 5, november)).ok).toBe(true)
    expect(await changeAccount(database, account.accountId, { timeZone: 'UTC' })).toEqual({
      ok: false,
      reason: 'time_zone_in_use',
    })
  })
})

describe('the catalogue', () => {
  const content = (unitFeeMicros: bigint, more = {}) => ({
    name: 'P',
    clientType: 'hosted' as const,
    currency: 'USD',
    baseFeeMicros: 0n,
    services: [{ service: 'seat', name: 'Seat', unitFeeMicros }],
    ...more,
  })

  it('adds a version for new content and none for the same, also at once', async () => {
    const set = (fee: bigint) => world.plans.set('versions', content(fee), november.toISOString())
    const first = await Promise.all([set(1n), set(1n), set(1n)])
    expect(first.map((result) => result.ok && result.version.version)).toEqual([1, 1, 1])
    expect(first.filter((result) => result.ok && !result.replayed)).toHaveLength(1)
    expect(await set(0n)).toMatchObject({ ok: true, replayed: false, version: { version: 2 } })
    expect(await world.plans.listVersions('versions')).toHaveLength(2)
    expect((await world.plans.listAll()).filter(({ planId }) => planId === 'versions')).toHaveLength(2)
  })

  it('refuses a version that accounts could not be charged by', async () => {
    const set = (more: object) => world.plans.set('kept', content(1n, more), november.toISOString())
    await set({})
    expect(await set({ services: [] })).toMatchObject({ ok: false, field: 'services' })
    expect(await set({ currency: 'EUR' })).toMatchObject({ ok: false, field: 'currency' })
    expect(await set({ clientType: 'private_cloud' })).toMatchObject({ ok: false, field: 'clientType' })
    expect(await set({ name: 'Q', effectiveFrom: '2020-01-01T00:00:00.000Z' })).toMatchObject({
      ok: false,
      field: 'effectiveFrom',
    })
    expect(await world.plans.listVersions('kept')).toHaveLength(1)
  })
})
