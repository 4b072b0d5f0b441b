import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { apiRoutes } from '../../functions/portal/api-routes.ts'
import { problemsOf } from '../../functions/portal/describe-operation.ts'
import { openApiDocument } from '../../functions/portal/openapi.ts'
import { requestExamples } from '../../functions/portal/request-examples.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

const TEXT = '# Terms\n\nYou pay before you use.\n'
const EFFECTIVE_AT = '2026-12-05T00:00:00.000Z'
const USAGE_CLOSES_AT = '2026-12-08T00:00:00.000Z'

/** What an account's people may do while terms wait: read what is their own, answer, and take away what they gave. */
const OPEN_DESPITE_TERMS = [
  'readAccount',
  'listAcceptances',
  'acceptTerms',
  'readEvidence',
  'readBalance',
  'listTransactions',
  'readTransaction',
  'readStatementProof',
  'listLots',
  'listTopUps',
  'readTopUp',
  'listRefunds',
  'listDisputes',
  'readDispute',
  'listCards',
  'removeCard',
  'removeMember',
  'readAutoTopUp',
  'switchOffAutoTopUp',
  ...['listOwnAnnouncements', 'readOwnAnnouncement', 'noteAnnouncementRead', 'dismissAnnouncement'],
  ...['signUp', 'cancelSignUp'],
  ...['askPrivacy', 'listPrivacyRequests', 'readPrivacyRequest', 'fetchExport', 'closeAccount'],
]

let test: TestStack
let account: Awaited<ReturnType<TestStack['openAccount']>>
let events = 0

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-12-04T22:00:00.000Z' })
  account = await test.openAccount({ credit: '30.00', clientType: 'private_cloud' })
  await test.staff.send('PUT', '/v1/prices/sms', {
    body: {
      ...{ currency: 'USD', effectiveFrom: '2020-01-01T00:00:00Z' },
      model: { kind: 'per_unit', unitAmount: '0.05' },
    },
  })
  await test.staff.send('POST', '/v1/terms', {
    body: {
      ...{ document: 'terms-of-service', version: '2026-12-05', title: 'Terms of service' },
      ...{ clientTypes: ['private_cloud'], class: 'material', effectiveAt: EFFECTIVE_AT, graceDays: 3 },
      text: TEXT,
    },
  })
})
afterAll(() => test.stop())

const path = (rest: string) => `/v1/accounts/${account.accountId}${rest}`
const charge = (key: string) =>
  test.usage.send<{ transaction: { sequence: number } }>('POST', path('/charges'), {
    ...{ body: { service: 'sms', quantity: 1 }, idempotencyKey: key },
  })

/** Uses a service once at an instant; gives back what became of it. */
async function use(time: string) {
  events += 1
  const id = `sms-${events}`
  const data = { quantity: 1 }
  const event = {
    specversion: '1.0',
    id,
    source: 'gate',
    type: 'sms',
    subject: account.accountId,
    time,
    data,
  }
  await test.usage.send('POST', '/v1/usage', {
    body: event,
    contentType: 'application/cloudevents+json',
  })
  await test.stack.waitUntilIdle()
  return test.staff.get<{ verdict: string; reason?: string }>(`/v1/usage/gate/${id}`)
}

/** A client's routes of an account, asked with the example that the documentation has. */
function clientRoutes() {
  const paths = openApiDocument().paths as Record<string, Record<string, { operationId: string }>>
  return apiRoutes
    .filter(({ route, callers }) => route.includes('{accountId}') && callers.includes('client'))
    .map((route) => {
      const [method = '', template = ''] = route.route.split(' ')
      const { operationId } = paths[template]![method.toLowerCase()]!
      return { route, method, template, operationId }
    })
}

const PARAMETERS: Record<string, string> = {
  email: 'other@example.com',
  paymentMethodId: 'pm_1',
  topUpId: `top_${'1'.repeat(22)}`,
  refundId: `ref_${'1'.repeat(22)}`,
  disputeId: 'du_1',
  holdId: `hold_${'1'.repeat(22)}`,
  sequence: '1',
  announcementId: `ann_${'1'.repeat(22)}`,
  requestId: `prv_${'1'.repeat(22)}`,
}

it('everything of an account is closed to its people while terms wait, but for a list that somebody has thought of', async () => {
  await test.stack.clock.advanceTo(EFFECTIVE_AT)
  const closed: string[] = []
  for (const { route, method, template, operationId } of clientRoutes()) {
    const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
      name === 'accountId' ? account.accountId : (PARAMETERS[name] ?? 'x'),
    )
    const request = {
      ...(requestExamples[operationId] ? { body: requestExamples[operationId] } : {}),
      ...(route.idempotent ? { idempotencyKey: `gate-${operationId}` } : {}),
    }
    const asked =
      method === 'GET'
        ? account.owner.get(filled)
        : account.owner.send(method as 'POST' | 'PUT' | 'PATCH' | 'DELETE', filled, request)
    const code = await asked.then(
      () => 'done',
      (error: { problem?: { code?: string } }) => error.problem?.code,
    )
    if (code === 'terms_required') closed.push(operationId)
  }
  const open = clientRoutes().flatMap(({ operationId }) =>
    closed.includes(operationId) ? [] : [operationId],
  )
  expect(open.toSorted()).toEqual(OPEN_DESPITE_TERMS.toSorted())
  const documented = clientRoutes().filter(({ route }) => problemsOf(route).includes('terms_required'))
  expect(documented.map(({ operationId }) => operationId).toSorted()).toEqual(closed.toSorted())
})

it('a list of accounts, the terms themselves and who one is are open', async () => {
  expect(await account.owner.get('/v1/accounts')).toMatchObject({
    accounts: [{ accountId: account.accountId }],
  })
  const version = '/v1/terms/terms-of-service/versions/2026-12-05'
  expect(await account.owner.get(version)).toMatchObject({ text: TEXT, graceDays: 3 })
  expect(await account.owner.get('/v1/me')).toMatchObject({
    accounts: [
      { termsClosed: true, termsWaiting: [{ version: '2026-12-05', usageClosesAt: USAGE_CLOSES_AT }] },
    ],
  })
})

it('usage goes on until the days of grace are over, and nothing is bought anew meanwhile', async () => {
  await charge('in-grace')
  const oneOff = test.staff.send('POST', path('/charges'), {
    body: { amount: '1.00', currency: 'USD', description: 'A number ported' },
    idempotencyKey: 'bought',
  })
  expect(await refusalOf(oneOff)).toMatchObject({ status: 403, problem: { code: 'terms_required' } })
  await test.stack.clock.advanceTo(USAGE_CLOSES_AT)
  // A repeat is answered as it was.
  expect(await charge('in-grace')).toBeDefined()
  expect(await refusalOf(charge('after-grace'))).toMatchObject({
    status: 403,
    problem: { code: 'terms_required', missing: [{ version: '2026-12-05' }] },
  })
  const hold = test.usage.send('POST', path('/holds'), {
    body: { session: 'call-1', service: 'sms', quantity: 1, leaseSeconds: 90 },
    idempotencyKey: 'hold',
  })
  expect(await refusalOf(hold)).toMatchObject({ status: 403, problem: { code: 'terms_required' } })
  // What was used before is charged whenever it is told of; what was used after is refused.
  expect(await use('2026-12-07T23:59:59.999Z')).toMatchObject({ verdict: 'deducted' })
  expect(await use(USAGE_CLOSES_AT)).toMatchObject({ verdict: 'refused', reason: 'terms_required' })
})

it('opens everything at once when one of its people accepts, and each charge names what it was charged under', async () => {
  await account.owner.send('POST', path('/terms-acceptances'), {
    body: {
      ...{ document: 'terms-of-service', version: '2026-12-05', decision: 'accepted', pressed: 'I accept' },
      textSha256: createHash('sha256').update(TEXT).digest('hex'),
    },
  })
  await charge('after-grace')
  expect(await use(USAGE_CLOSES_AT)).toMatchObject({ verdict: 'deducted' })
  const { transactions } = await account.owner.get<{
    transactions: { kind: string; termsVersion?: string }[]
  }>(path('/transactions?limit=10'))
  const of = (kind: string) =>
    transactions.filter((each) => each.kind === kind).map(({ termsVersion }) => termsVersion)
  expect(of('charge')).toEqual(['terms-of-service@2026-12-05', 'terms-of-service@2026-12-05'])
  expect(new Set(of('usage'))).toEqual(new Set(['terms-of-service@2026-12-05']))
})
