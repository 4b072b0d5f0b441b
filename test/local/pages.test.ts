import { expect, test } from 'vitest'
import { statementTable } from '../../local/pages/statement-table.ts'
import { type LocalControls, localPages } from '../../local/pages.ts'

const controls: Partial<LocalControls> = {
  apiUrl: () => 'http://127.0.0.1:4000',
  issuerUrl: 'http://127.0.0.1:4001',
  stripeUrl: 'http://127.0.0.1:4002',
  clock: { now: () => new Date('2026-11-20T10:15:00Z') },
  staffToken: async () => 'token-of-staff',
  personToken: async (email) => `token-of-${email}`,
}
const answer = localPages(controls as LocalControls)

function request(method: string, path: string, form?: string) {
  return answer({
    method,
    path,
    query: new URLSearchParams(),
    headers: {
      accept: 'text/html',
      host: '127.0.0.1:4000',
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: Buffer.from(form ?? ''),
  })
}

test.each(['/', '/local/clock', '/local/token'])('a browser gets a page at %s', async (path) => {
  const page = await request('GET', path)
  expect(page).toMatchObject({ status: 200, body: expect.stringContaining('<!doctype html>') })
})

test('a form of these pages is not taken for that of another site: its browser may name the origin', async () => {
  const page = await request('GET', '/local/clock')
  // With `no-referrer` a browser sends `Origin: null` with a POST, which is refused as foreign.
  expect(page?.headers?.['referrer-policy']).toBe('same-origin')
})

test('the token page gives a token to a form, and says what is wrong with an address', async () => {
  const staff = await request('POST', '/local/token', 'client=staff-machine')
  expect(staff).toMatchObject({ status: 200, body: expect.stringContaining('token-of-staff') })
  const person = await request('POST', '/local/token', 'email=owner%40example.com')
  expect(person).toMatchObject({ status: 200, body: expect.stringContaining('token-of-owner@example.com') })
  const wrong = await request('POST', '/local/token', 'email=%3Cb%3E')
  expect(wrong).toMatchObject({ status: 400, body: expect.stringContaining('must be an e-mail address') })
})

test('a browser that is lost gets a way back', async () => {
  expect(await request('GET', '/local/elsewhere')).toMatchObject({
    status: 404,
    body: expect.stringContaining('<a href="/">'),
  })
})

test('a statement shows each line and its uses in the account’s time, and escapes what others wrote', () => {
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const use = {
    service: 'call',
    time: '2026-11-30T23:30:00Z',
    amount: usd('0.25'),
    availableAfter: usd('9.75'),
  }
  const line = {
    sequence: 7,
    kind: 'usage',
    at: '2026-11-30T23:31:00Z',
    amount: usd('-0.25'),
    balanceAfter: usd('9.75'),
    reason: '<script>',
    events: [
      {
        ...use,
        verdict: 'deducted',
        explanation: { seconds: '60', rateDeck: { destination: '12025550163' } },
      },
      { ...use, verdict: 'refused', reason: 'insufficient_credit' },
    ],
  }
  const { text } = statementTable([line], { currency: 'USD', timeZone: 'Europe/Berlin' }, false)
  expect(text).toContain('2026-12-01 00:31')
  expect(text).toContain('call to 12025550163, 60 s')
  expect(text).toContain('>-0.25<')
  expect(text).toContain('call (insufficient credit)')
  expect(text).toContain('>refused<')
  expect(text).not.toContain('<script>')
})
