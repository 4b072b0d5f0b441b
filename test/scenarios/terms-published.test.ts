import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
let account: Awaited<ReturnType<TestStack['openAccount']>>
const BOUNCING = 'bounce+member@simulator.amazonses.com'
const COMPLAINING = 'complaint@simulator.amazonses.com'
const [FIRST, SECOND] = [
  '# Terms\n\nYou pay before you use.\n',
  '# Terms\n\nYou pay before you use, always.\n',
]
const document = 'terms-of-service'
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-02T09:00:00.000Z' })
  account = await test.openAccount()
  for (const email of [BOUNCING, COMPLAINING])
    await test.staff.send('POST', path('/members'), { body: { email, role: 'billing' } })
})
afterAll(() => test.stop())

const path = (rest: string) => `/v1/accounts/${account.accountId}${rest}`
const publish = (version: string, text: string, effectiveAt: string) =>
  test.staff.send('POST', '/v1/terms', {
    body: { document, version, title: 'Terms of service', class: 'material', effectiveAt, text },
  })
const accept = (version: string, text: string) =>
  account.owner.send('POST', path('/terms-acceptances'), {
    body: { document, version, textSha256: sha256(text), decision: 'accepted', pressed: 'I accept' },
  })
const subjectsTo = (email: string) =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(email))
    .map(({ subject }) => subject)
    .reverse()

it('tells owners and billing members at once, and notes who cannot be written to', async () => {
  await publish('1', FIRST, '2026-11-01T00:00:00Z')
  await test.stack.waitUntilIdle()
  for (const email of [account.ownerEmail, BOUNCING, COMPLAINING])
    expect(subjectsTo(email)).toEqual(['Please read and accept “Terms of service” by 2026-11-01'])
  // The owner’s own list is closed while terms wait.
  const { members } = await test.staff.get<{ members: { email: string; emailStatus?: { state: string } }[] }>(
    path('/members'),
  )
  const states = new Map(members.map(({ email, emailStatus }) => [email, emailStatus?.state]))
  expect([BOUNCING, COMPLAINING, account.ownerEmail].map((email) => states.get(email))).toEqual([
    'bounced',
    'complained',
    undefined,
  ])
  await accept('1', FIRST)
})

it('tells of the next version and reminds of it, not those whom mail does not reach', async () => {
  await publish('2', SECOND, '2026-11-03T10:30:00Z')
  await test.stack.waitUntilIdle()
  const told = ['Please read and accept “Terms of service” by 2026-11-03']
  expect(subjectsTo(account.ownerEmail).slice(1)).toEqual(told)
  await test.staff.send('DELETE', path(`/members/${encodeURIComponent(COMPLAINING)}/email-status`))
  await test.stack.clock.advanceTo('2026-11-02T10:29:00Z')
  expect(subjectsTo(account.ownerEmail).slice(1)).toEqual(told)
  await test.stack.clock.advanceTo('2026-11-02T11:15:00Z')
  const reminder = 'Reminder: please read and accept “Terms of service” by 2026-11-03'
  expect(subjectsTo(account.ownerEmail).slice(1)).toEqual([...told, reminder])
  expect(subjectsTo(BOUNCING)).toHaveLength(1)
  expect(subjectsTo(COMPLAINING).slice(1)).toEqual([reminder])
  await accept('2', SECOND)
})

it('has the evidence as a PDF through the gateway, and the coverage', async () => {
  const token = await test.stack.staffToken()
  const reply = await fetch(`${test.stack.apiUrl}${path('/terms-acceptances/evidence')}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/pdf' },
  })
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/pdf'])
  const bytes = Buffer.from(await reply.arrayBuffer())
  expect(bytes.toString('latin1', 0, 5)).toBe('%PDF-')
  const evidence = await account.owner.get<{ answers: { version: string; textSha256: string }[] }>(
    path('/terms-acceptances/evidence'),
  )
  expect(evidence.answers.map(({ version, textSha256 }) => [version, textSha256])).toEqual([
    ['1', sha256(FIRST)],
    ['2', sha256(SECOND)],
  ])
  const coverage = await test.staff.get(`/v1/staff/terms/${document}/versions/2/coverage`)
  expect(coverage).toMatchObject({ counts: { accounts: 1, answered: 1, unanswered: 0 } })
})
