import { afterAll, beforeAll, expect, it } from 'vitest'
import { planChangeRoutes, planRoutes } from '../../functions/plans/plans.routes.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { createTermsStore } from '../../functions/terms/terms.store.ts'
import { publishTermsSchema } from '../../functions/terms/terms.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'
import { planAccounts } from './plan-account.ts'

let database: TestDatabase
let handlers: Record<'plans' | 'changes', unknown>
beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  Object.assign(process.env, { PRICE_CHANGE_NOTICE_DAYS: '32', PLAN_GRACE_DAYS: '7' })
  handlers = {
    plans: (await import('../../functions/plans/plans.handler.ts')).handler,
    changes: (await import('../../functions/plans/change-plan.handler.ts')).handler,
  }
})
afterAll(() => database.stop())

it('nobody, staff neither, buys a plan for an account whose terms wait; staff may end one', async () => {
  const world = planAccounts(database)
  const { accountId } = await world.openWithPlan(2, 0n)
  const publication = publishTermsSchema.parse({
    ...{ document: 'terms-of-service', version: '1', title: 'Terms', class: 'material', text: '# Terms' },
    effectiveAt: '2020-01-01T00:00:00Z',
  })
  const by = { actor: 'person:staff', at: '2020-01-01T00:00:00.000Z' }
  const { draft, publicationHash } = draftTerms(publication, by)
  await createTermsStore(database).publish(draft, publicationHash)

  const path = { accountId }
  const seats = { planId: 'basic', services: [{ service: 'seat', quantity: 3 }] }
  const choose = (claims: Record<string, unknown>, body: object) =>
    send(handlers.plans, { route: planRoutes.setAccountPlan, path, body, claims })
  const change = (claims: Record<string, unknown>) =>
    send(handlers.changes, {
      ...{ route: planChangeRoutes.changeAccountPlan, path, claims },
      ...{ body: seats, headers: { 'idempotency-key': 'k1' } },
    })
  for (const claims of [personClaims('owner1@client.example.com'), staffClaims]) {
    expect((await choose(claims, seats)).body.code).toBe('terms_required')
    expect((await change(claims)).body.code).toBe('terms_required')
  }
  expect((await choose(staffClaims, { planId: null, services: [] })).status).toBe(200)
})
