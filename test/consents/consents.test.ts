import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createConsentStore } from '../../functions/consents/consent.store.ts'
import type { ConsentRecord } from '../../functions/consents/consent.ts'
import { consentRoutes, withdrawalRoutes } from '../../functions/consents/consents.routes.ts'
import { personIdOf } from '../../functions/consents/person-key.ts'
import { wordingOf } from '../../functions/consents/purposes.ts'
import { readWithdrawalToken, writeWithdrawalToken } from '../../functions/consents/withdrawal-token.ts'
import { type SecretsManager, startSecretsManager } from '../../local/secrets-manager.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, type Request, send, staffClaims, useDatabase } from '../support/request.ts'

const KEY = 'a key of the tests, which nobody else has'
let database: TestDatabase
let secrets: SecretsManager
let handlers: Record<'consents' | 'withdraw', unknown>
let people = 0

beforeAll(async () => {
  database = await startTestDatabase()
  secrets = await startSecretsManager({ secrets: { 'withdrawal-key': KEY } })
  useDatabase(database)
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    WITHDRAWAL_KEY_SECRET: 'withdrawal-key',
  })
  handlers = {
    consents: (await import('../../functions/consents/consents.handler.ts')).handler,
    withdraw: (await import('../../functions/consents/withdraw-by-link.handler.ts')).handler,
  }
})
afterAll(async () => {
  await secrets.close()
  await database.stop()
})

const newPerson = () => {
  people += 1
  return `person${people}@example.com`
}
const { sha256: wordingSha256 } = wordingOf('webinars')
const given = (revision: number) => ({ decision: 'given', wordingSha256, revision, pressed: 'Invite me' })

const read = async (email: string) => {
  const { body } = await send(handlers.consents, {
    route: consentRoutes.readMyConsents,
    claims: personClaims(email),
  })
  return (body.consents as unknown as { purpose: string; decision: string; revision: number }[]).find(
    ({ purpose }) => purpose === 'webinars',
  )!
}
const decide = (email: string, body: unknown, more: Partial<Request> = {}) =>
  send(handlers.consents, {
    route: consentRoutes.decideConsent,
    path: { purpose: 'webinars' },
    body,
    claims: personClaims(email),
    ...more,
  })
const history = async (email: string) => {
  const route = consentRoutes.readConsentHistory
  const { body } = await send(handlers.consents, { route, path: { email }, claims: staffClaims })
  return body.records as unknown as Record<string, unknown>[]
}
const link = (token: string, method: 'readWithdrawalPage' | 'withdrawByLink') =>
  send(handlers.withdraw, { route: withdrawalRoutes[method], query: { token } })
const tokenOf = (email: string) =>
  writeWithdrawalToken(KEY, { personId: personIdOf(email), purpose: 'webinars' })

describe('consent', () => {
  it('is no until somebody gives it, and kept with its evidence, of every decision', async () => {
    const email = newPerson()
    expect(await read(email)).toMatchObject({ decision: 'none', revision: 0 })
    expect((await decide(email, given(0))).body).toMatchObject({ decision: 'given', revision: 1 })
    expect((await decide(email, { decision: 'withdrawn' })).body).toMatchObject({ decision: 'withdrawn' })
    const { text, version } = wordingOf('webinars')
    const records = await history(email.toUpperCase())
    expect(records).toMatchObject([
      {
        ...{ number: 1, decision: 'given', channel: 'signed_in', pressed: 'Invite me' },
        ...{ wording: text, wordingVersion: version, wordingSha256 },
        ...{ subject: `sub-${email}`, sourceIp: '192.0.2.1', userAgent: 'test' },
        signIn: { issuer: 'https://issuer.example.com', clientId: 'portal', at: '2026-11-23T12:00:00.000Z' },
      },
      { number: 2, decision: 'withdrawn', pressed: 'Withdraw' },
    ])
  })

  it('pressed twice is recorded once', async () => {
    const email = newPerson()
    expect(await decide(email, given(0))).toEqual(await decide(email, given(0)))
    expect(await decide(email, { decision: 'withdrawn' })).toEqual(
      await decide(email, { decision: 'withdrawn' }),
    )
    expect(await history(email)).toHaveLength(2)
  })

  it('that was sent before a withdrawal and comes after it gives nothing again', async () => {
    const email = newPerson()
    await decide(email, given(0))
    await decide(email, { decision: 'withdrawn' })
    expect((await decide(email, given(0))).body.code).toBe('changed_meanwhile')
    expect(await read(email)).toMatchObject({ decision: 'withdrawn', revision: 2 })
    expect((await decide(email, given(2))).body).toMatchObject({ decision: 'given' })
  })

  it('is given to the wording of now, by the person, and to a purpose that there is', async () => {
    const email = newPerson()
    const old = await decide(email, { ...given(0), wordingSha256: '0'.repeat(64) })
    expect([old.status, old.body.code, old.body.errors]).toEqual([
      ...[409, 'consent_wording_changed'],
      [{ field: 'wordingSha256', detail: expect.any(String) }],
    ])
    expect((await decide(email, given(0), { claims: staffClaims })).body.code).toBe('role_not_allowed')
    for (const claims of [
      { sub: 'm', client_id: 'm', scope: 'drawdown/usage' },
      { sub: 'm', client_id: 'm', scope: '' },
      { ...personClaims(email), email_verified: 'false' },
    ])
      expect((await decide(email, given(0), { claims })).body.code).toBe('role_not_allowed')
    const unknown = await decide(email, given(0), { path: { purpose: 'spam' } })
    expect([unknown.status, unknown.body.errors]).toMatchObject([400, [{ field: 'purpose' }]])
    const named = await decide(email, { ...given(0), email: 'other@example.com' })
    expect([named.status, named.body.errors]).toMatchObject([400, [{ field: 'email' }]])
    for (const missing of ['wordingSha256', 'revision', 'pressed'])
      expect((await decide(email, { ...given(0), [missing]: undefined })).body.errors).toMatchObject([
        { field: missing },
      ])
    expect(await history(email)).toEqual([])
  })

  it('shows its history to staff alone', async () => {
    const email = newPerson()
    const reply = await send(handlers.consents, {
      route: consentRoutes.readConsentHistory,
      path: { email },
      claims: personClaims(email),
    })
    expect(reply.body.code).toBe('role_not_allowed')
  })
})

describe('a link to withdraw', () => {
  it('changes nothing when it is read, and withdraws when its button is pressed, once', async () => {
    const email = newPerson()
    await decide(email, given(0))
    const page = await link(tokenOf(email), 'readWithdrawalPage')
    expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      ...[200, 'text/html; charset=utf-8', 'no-store'],
    ])
    expect(page.text).toContain('<form method="post">')
    expect(page.headers['content-security-policy']).toContain("form-action 'self'")
    expect(await read(email)).toMatchObject({ decision: 'given' })
    expect((await link(tokenOf(email), 'withdrawByLink')).status).toBe(200)
    expect((await link(tokenOf(email), 'withdrawByLink')).status).toBe(200)
    const [, withdrawn, ...others] = await history(email)
    expect(withdrawn).toMatchObject({ decision: 'withdrawn', channel: 'link', pressed: 'Stop these e-mails' })
    expect(withdrawn).not.toHaveProperty('subject')
    expect(others).toEqual([])
  })

  it('is taken from a mail program, with either kind of form', async () => {
    const { eventOf } = await import('../support/request.ts')
    const forms = [
      ['application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
      [
        'multipart/form-data; boundary=b',
        '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
      ],
    ]
    for (const [contentType, body] of forms) {
      const email = newPerson()
      await decide(email, given(0))
      const route = withdrawalRoutes.withdrawByLink
      const event = { ...eventOf({ route, query: { token: tokenOf(email) } }), body }
      event.headers = { 'content-type': contentType! }
      const reply = await (handlers.withdraw as (event: unknown, context: unknown) => Promise<unknown>)(
        event,
        {},
      )
      expect(reply).toMatchObject({ statusCode: 200 })
      expect((await history(email)).at(-1)).toMatchObject({
        decision: 'withdrawn',
        channel: 'mail_program',
      })
    }
  })

  it('opens to whom it was written and to nothing else, whatever is changed in it', async () => {
    const [email, other] = [newPerson(), newPerson()]
    const token = tokenOf(email)
    const [version, person, purpose, signature] = token.split('.') as [string, string, string, string]
    expect(readWithdrawalToken(KEY, token)).toEqual({ personId: personIdOf(email), purpose: 'webinars' })
    const forged = [
      ...['', '....', `${token}.x`, token.slice(0, -1), `${token}A`],
      [version, personIdOf(other), purpose, signature].join('.'),
      [version, person, 'product_news', signature].join('.'),
      ['2', person, purpose, signature].join('.'),
      writeWithdrawalToken('another key', { personId: personIdOf(email), purpose: 'webinars' }),
    ]
    for (const bad of forged) {
      expect([bad, readWithdrawalToken(KEY, bad)]).toEqual([bad, undefined])
      expect([bad, (await link(bad, 'withdrawByLink')).status]).toEqual([bad, 400])
    }
    expect((await link('', 'readWithdrawalPage')).text).toContain('not complete')
    expect(token).not.toContain(email)
  })
})

describe('decisions at once, and deaths', () => {
  const decision = (more: Partial<ConsentRecord>): Omit<ConsentRecord, 'number'> => ({
    ...{ purpose: 'webinars', decision: 'given', pressed: 'x', at: '2026-11-23T12:00:00.000Z' },
    ...{ wording: 'w', wordingVersion: 'v', wordingSha256: 's', channel: 'signed_in' },
    ...{ sourceIp: '', userAgent: '', ...more },
  })

  it('are numbered one after the other, and the last one is the state', async () => {
    const person = personIdOf(newPerson())
    const store = createConsentStore(database)
    await store.decide(person, decision({}), 0n)
    const together = await Promise.all([
      ...[1, 2, 3].map(() => store.decide(person, decision({ decision: 'withdrawn' }))),
      ...[1, 2, 3].map((index) => store.decide(person, decision({ wordingSha256: `s${index}` }), 1n)),
    ])
    expect(together.every((one) => one.ok || one.reason === 'changed_meanwhile')).toBe(true)
    const { current, history: records } = await store.readAll(person)
    expect(records.map(({ number }) => number)).toEqual(records.map((_, index) => BigInt(index + 1)))
    expect(current.webinars).toEqual(records.at(-1))
    // Whoever withdrew has withdrawn: what was given by a page of before came too late, or before it.
    expect(current.webinars!.decision).toBe('withdrawn')
  })

  it.each(['before', 'after'] as const)('leave all of it or nothing: %s the write', async (when) => {
    const person = personIdOf(newPerson())
    const dying = createConsentStore({
      ...database,
      client: dyingClient(database.client, { atWrite: 1, when }),
    })
    await expect(dying.decide(person, decision({}), 0n)).rejects.toThrow(Died)
    const store = createConsentStore(database)
    const { current, history: records } = await store.readAll(person)
    expect(records).toHaveLength(when === 'before' ? 0 : 1)
    expect(current.webinars).toEqual(records.at(-1))
    expect(await store.decide(person, decision({}), 0n)).toMatchObject({
      ok: true,
      replayed: when === 'after',
    })
    expect((await store.readAll(person)).history).toHaveLength(1)
  })
})
