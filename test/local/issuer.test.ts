import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningIssuer, startIssuer } from '../../local/issuer.ts'
import { fetchMachineToken } from '../../local/machine-token.ts'
import { fetchPersonToken } from '../../local/person-token.ts'

const redirectUri = 'http://127.0.0.1:4321/signed-in'
let folder: string
let issuer: RunningIssuer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawdown-issuer-'))
  issuer = await startIssuer({ port: 0, folder })
})
afterAll(async () => {
  await issuer.close()
  await rm(folder, { recursive: true })
})
afterEach(() => {
  vi.useRealTimers()
})

async function verify(token: string) {
  const keys = createRemoteJWKSet(new URL(issuer.jwksUri))
  return (await jwtVerify(token, keys, { issuer: issuer.url, algorithms: ['RS256'] })).payload
}

function personToken(email: string): Promise<string> {
  return fetchPersonToken({ issuerUrl: issuer.url, email, redirectUri })
}

describe('people', () => {
  it('get an RS256 access token of one hour with their verified address', async () => {
    const claims = await verify(await personToken('admin@hosted.example.com'))

    expect(claims).toMatchObject({
      client_id: 'portal',
      token_use: 'access',
      email: 'admin@hosted.example.com',
      email_verified: true,
      scope: 'openid email profile',
    })
    expect(claims.exp! - claims.iat!).toBe(3600)
    expect(claims.auth_time).toBeTypeOf('number')
    expect(claims['cognito:groups']).toBeUndefined()
  })

  it('are the same person whatever the letter case of the address', async () => {
    const first = await verify(await personToken('Admin@Hosted.Example.com'))
    const second = await verify(await personToken('admin@hosted.example.com'))

    expect(first.sub).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(first.sub).toBe(second.sub)
    expect(first.email).toBe('admin@hosted.example.com')
  })

  it('named as staff belong to the group staff', async () => {
    const claims = await verify(await personToken('staff@operator.example.com'))
    expect(claims['cognito:groups']).toEqual(['staff'])
  })

  it('cannot sign in with something that is no e-mail address', async () => {
    await expect(personToken('nobody')).rejects.toThrow('Please enter an e-mail address')
  })

  it('get no scope of a machine', async () => {
    const asked = fetchPersonToken({
      issuerUrl: issuer.url,
      email: 'admin@hosted.example.com',
      redirectUri,
      scope: 'openid drawdown/staff',
    })
    await expect(asked).rejects.toThrow('invalid_scope')
  })

  it('get a token by the time of a moved clock', async () => {
    const later = Date.now() + 40 * 24 * 3600 * 1000
    vi.useFakeTimers({ toFake: ['Date'], now: later })

    const claims = await verify(await personToken('admin@hosted.example.com'))

    expect(claims.iat).toBe(Math.floor(later / 1000))
  })
})

describe('the portal', () => {
  const start = (parameters: Record<string, string>) =>
    fetch(
      `${issuer.url}/auth?${new URLSearchParams({
        client_id: 'portal',
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid',
        ...parameters,
      })}`,
      { redirect: 'manual' },
    )

  it('must use PKCE', async () => {
    const location = (await start({})).headers.get('location')!
    expect(new URL(location).searchParams.get('error')).toBe('invalid_request')
    expect(new URL(location).searchParams.get('error_description')).toContain('PKCE')
  })

  it('may not be sent back anywhere but to loopback', async () => {
    const response = await start({ redirect_uri: 'https://evil.example.com/signed-in' })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('redirect_uri')
  })

  it('may call the token endpoint from a loopback origin and from no other', async () => {
    const call = async (origin: string) => {
      const body = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'portal', code: 'x' })
      const response = await fetch(issuer.tokenUrl, { method: 'POST', headers: { origin }, body })
      return response.headers.get('access-control-allow-origin')
    }
    expect(await call('http://localhost:8080')).toBe('http://localhost:8080')
    expect(await call('https://evil.example.com')).toBeNull()
  })

  it('shows a form that says it is the local stand-in', async () => {
    const response = await start({ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' })
    const cookie = response.headers.getSetCookie().map((entry) => entry.split(';')[0])
    const url = new URL(response.headers.get('location')!, issuer.url)

    const page = await (await fetch(url, { headers: { cookie: cookie.join('; ') } })).text()

    expect(page).toContain('local stand-in')
    expect(page).toContain('<label for="email">')
  })

  it('can sign people out', async () => {
    const cookies = new Map<string, string>()
    const keep = (response: Response) => {
      for (const entry of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(entry)!
        cookies.set(name, value)
      }
      return response
    }
    const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const page = await keep(await fetch(`${issuer.url}/session/end?client_id=portal`)).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)![1]!

    const response = await fetch(`${issuer.url}/session/end/confirm`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: cookie() },
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    })

    expect(response.status).toBe(303)
    const done = await fetch(new URL(response.headers.get('location')!, issuer.url))
    expect(await done.text()).toContain('You are signed out')
  })
})

describe('a browser', () => {
  /** What a browser keeps of the cookies that it is given, by a clock of its own (RFC 6265, section 5.3). */
  function startCookies(now: () => number) {
    const kept = new Map<string, { value: string; endsAt: number }>()
    function keep(response: Response): Response {
      for (const entry of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(entry)!
        const seconds = /; *max-age=(-?\d+)/i.exec(entry)?.[1]
        const date = /; *expires=([^;]+)/i.exec(entry)?.[1]
        const ends = seconds ? now() + Number(seconds) * 1000 : date ? Date.parse(date) : Infinity
        kept.set(name, { value, endsAt: ends })
      }
      return response
    }
    const header = () =>
      [...kept]
        .filter(([, { endsAt }]) => endsAt > now())
        .map(([name, { value }]) => `${name}=${value}`)
        .join('; ')
    return { keep, header }
  }

  it.each([
    ['behind', -3650],
    ['ahead of', 3650],
  ])('signs in, and is known when it comes again, while the stack’s clock is %s its own', async (_, days) => {
    const own = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: own + days * 24 * 3600 * 1000 })
    const cookies = startCookies(() => own)
    const go = async (address: string | URL, options: RequestInit = {}) => {
      const headers = { cookie: cookies.header() }
      const asked = { ...options, redirect: 'manual', headers } as const
      return cookies.keep(await fetch(new URL(address, issuer.url), asked))
    }
    const parameters = new URLSearchParams({
      ...{ client_id: 'portal', response_type: 'code', redirect_uri: redirectUri, scope: 'openid' },
      ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    })
    const next = (response: Response) => response.headers.get('location')!
    const form = next(await go(`/auth?${parameters}`))
    const signedIn = await go(form, { method: 'POST', body: new URLSearchParams({ email: 'a@example.com' }) })
    expect(signedIn.status).toBe(303)
    expect(next(await go(next(signedIn)))).toContain(`${redirectUri}?code=`)
    expect(next(await go(`/auth?${parameters}`))).toContain(`${redirectUri}?code=`)
  })
})

describe('machines', () => {
  it('get a token with their own scope', async () => {
    const claims = await verify(
      await fetchMachineToken({ issuerUrl: issuer.url, ...issuer.clients.staffMachine }),
    )
    expect(claims).toMatchObject({
      client_id: 'staff-machine',
      sub: 'staff-machine',
      scope: 'drawdown/staff',
      token_use: 'access',
    })
    expect(claims.exp! - claims.iat!).toBe(3600)
  })

  it('that send usage cannot get the scope of staff', async () => {
    const asked = fetchMachineToken({
      issuerUrl: issuer.url,
      ...issuer.clients.usageMachine,
      scope: 'drawdown/usage drawdown/staff',
    })
    await expect(asked).rejects.toThrow('invalid_scope')
  })

  it('with a wrong secret are refused', async () => {
    const asked = fetchMachineToken({
      issuerUrl: issuer.url,
      ...issuer.clients.usageMachine,
      clientSecret: 'wrong',
    })
    await expect(asked).rejects.toThrow('invalid_client')
  })
})

describe('a restart on the same folder', () => {
  it('keeps keys and secrets, so that a token given before still verifies', async () => {
    const token = await personToken('admin@hosted.example.com')
    const { clients, url } = issuer
    await issuer.close()

    issuer = await startIssuer({ port: Number(new URL(url).port), folder })

    expect((await verify(token)).email).toBe('admin@hosted.example.com')
    expect(issuer.clients).toEqual(clients)
  })

  it('finds secrets that only their owner may read, and gives each folder its own', async () => {
    const file = join(folder, 'issuer.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const otherFolder = await mkdtemp(join(tmpdir(), 'drawdown-issuer-'))
    const other = await startIssuer({ port: 0, folder: otherFolder })
    await other.close()

    expect(await readFile(join(otherFolder, 'issuer.json'), 'utf8')).not.toBe(await readFile(file, 'utf8'))
    await rm(otherFolder, { recursive: true })
  })
})
