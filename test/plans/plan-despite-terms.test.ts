import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { planChangeRoutes, planRoutes } from '../../functions/plans/plans.routes.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { createTermsStore } from '../../functions/terms/terms.store.ts'
import { publishTermsSchema } from '../../functions/terms/terms.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'
import { november, planAccounts, UNIT } from './plan-account.ts'

let database: TestDatabase
let handlers: Record<'plans' | 'changes', unknown>
beforeAll(async () => {
  database = await startTestDatabase()
  vi.useFakeTimers({ toFake: ['Date'], now: november })
  useDatabase(database)
  Object.assign(process.env, { PRICE_CHANGE_NOTICE_DAYS: '32', PLAN_GRACE_DAYS: '7' })
  handlers = {
    plans: (await import('../../functions/plans/plans.handler.ts')).handler,
    changes: (await import('../../functions/plans/change-plan.handler.ts')).handler,
  }
})
afterAll(() => {
  vi.useRealTimers()
  return database.stop()
})

it('nobody, staff neither, buys a plan for an account whose terms wait; staff may end one; a repeat gets the first answer', async () => {
  const world = planAccounts(database)
  const { accountId } = await world.openWithPlan(2, 100n * UNIT)
  const path = { accountId }
  const owner = personClaims('owner1@client.example.com')
  const change = (claims: Record<string, unknown>, key: string, quantity: number) =>
    send(handlers.changes, {
      ...{ route: planChangeRoutes.changeAccountPlan, path, claims },
      body: { planId: 'basic', services: [{ service: 'seat', quantity }] },
      headers: { 'idempotency-key': key },
    })
  const byOwner = await change(owner, 'by-owner', 4)
  const byStaff = await change(staffClaims, 'by-staff', 5)
  expect([byOwner.status, byStaff.status]).toEqual([201, 201])

  const publication = publishTermsSchema.parse({
    ...{ document: 'terms-of-service', version: '1', title: 'Terms', class: 'material', text: '# Terms' },
    effectiveAt: '2020-01-01T00:00:00Z',
  })
  const by = { actor: 'person:staff', at: '2020-01-01T00:00:00.000Z' }
  const { draft, publicationHash } = draftTerms(publication, by)
  await createTermsStore(database).publish(draft, publicationHash)

  const seats = { planId: 'basic', services: [{ service: 'seat', quantity: 3 }] }
  const choose = (claims: Record<string, unknown>, body: object) =>
    send(handlers.plans, { route: planRoutes.setAccountPlan, path, body, claims })
  for (const claims of [owner, staffClaims]) {
    expect((await choose(claims, seats)).body.code).toBe('terms_required')
    expect((await change(claims, 'later', 6)).body.code).toBe('terms_required')
    expect(await change(claims, 'by-owner', 4)).toEqual(byOwner)
    expect(await change(claims, 'by-staff', 5)).toEqual(byStaff)
    expect((await change(claims, 'by-staff', 6)).body.code).toBe('idempotency_key_reused')
  }
  const end = (claims: Record<string, unknown>) =>
    send(handlers.changes, {
      ...{ route: planChangeRoutes.changeAccountPlan, path, claims },
      ...{ body: { planId: null, services: [] }, headers: { 'idempotency-key': 'end' } },
    })
  expect((await end(owner)).body.code).toBe('terms_required')
  expect((await end(staffClaims)).status).toBe(201)
  const other = await world.openWithPlan(2, 0n)
  const ending = { path: { accountId: other.accountId }, body: { planId: null, services: [] } }
  const ended = { route: planRoutes.setAccountPlan, ...ending, claims: staffClaims }
  expect((await send(handlers.plans, ended)).status).toBe(200)
})
