import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimsForLambda, createJwtAuthorizer, type JwtAuthorizer } from '../../local/jwt-authorizer.ts'

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

let server: Server
let issuer: string
let keys: KeyPair
let otherKeys: KeyPair
let authorizer: JwtAuthorizer
const now = Math.floor(Date.now() / 1000)

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true })
  otherKeys = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  server = createServer((request, response) => {
    const document = request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  authorizer = createJwtAuthorizer({ issuer, audience: ['portal', 'usage-machine'] })
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const good = (): JWTPayload => ({
  iss: issuer,
  sub: 'someone',
  client_id: 'portal',
  scope: 'openid email',
  iat: now,
  exp: now + 3600,
})

function sign(claims: JWTPayload, header: object = { kid: 'one' }, pair = keys): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(pair.privateKey)
}

async function decide(claims: JWTPayload, scopes?: string[]) {
  return authorizer.authorize(`Bearer ${await sign(claims)}`, scopes)
}

describe('a good token', () => {
  it('is let in by its client_id when it has no aud, and its claims are strings', async () => {
    const decision = await decide({ ...good(), email_verified: true, 'cognito:groups': ['staff', 'billing'] })
    expect(decision).toEqual({
      ok: true,
      scopes: null,
      claims: {
        iss: issuer,
        sub: 'someone',
        client_id: 'portal',
        scope: 'openid email',
        iat: String(now),
        exp: String(now + 3600),
        email_verified: 'true',
        'cognito:groups': '[staff billing]',
      },
    })
  })

  it('is let in by its aud, one of several', async () => {
    expect(await decide({ ...good(), client_id: undefined, aud: ['elsewhere', 'portal'] })).toMatchObject({
      ok: true,
    })
  })

  it('needs one of the scopes of the route, in scope or in scp', async () => {
    const route = ['drawdown/usage', 'drawdown/staff']
    const usage = { ...good(), scope: 'drawdown/usage other' }
    expect(await decide(usage, route)).toMatchObject({ ok: true, scopes: ['drawdown/usage', 'other'] })
    const listed = { ...good(), scope: undefined, scp: ['drawdown/staff'] }
    expect(await decide(listed, route)).toMatchObject({ ok: true })
    expect(await decide(good(), route)).toMatchObject({ ok: false, status: 403, message: 'Forbidden' })
  })

  it('may come without the word Bearer, as the identity source allows', async () => {
    expect(await authorizer.authorize(await sign(good()))).toMatchObject({ ok: true })
  })
})

describe('a request is refused with 401', () => {
  const refused = (reason: string) => ({
    ok: false,
    status: 401,
    message: 'Unauthorized',
    wwwAuthenticate: expect.stringContaining(reason),
  })

  it('without a token', async () => {
    expect(await authorizer.authorize(undefined)).toMatchObject({
      ok: false,
      status: 401,
      wwwAuthenticate: 'Bearer',
    })
    expect(await authorizer.authorize('Bearer ')).toMatchObject({ ok: false, status: 401 })
  })

  it('with something that is no JWT', async () => {
    expect(await authorizer.authorize('Bearer not.a.token')).toMatchObject(refused('not valid'))
    expect(await authorizer.authorize('Basic dXNlcjpwYXNz')).toMatchObject(refused('not valid'))
  })

  it('with a forged signature', async () => {
    const forged = await sign(good(), { kid: 'one' }, otherKeys)
    expect(await authorizer.authorize(`Bearer ${forged}`)).toMatchObject(refused('not valid'))
  })

  it('with claims changed after signing', async () => {
    const [header, , signature] = (await sign(good())).split('.')
    const claims = Buffer.from(JSON.stringify({ ...good(), 'cognito:groups': ['staff'] })).toString(
      'base64url',
    )
    expect(await authorizer.authorize(`Bearer ${header}.${claims}.${signature}`)).toMatchObject(
      refused('not valid'),
    )
  })

  it('with algorithm none', async () => {
    const unsigned = new UnsecuredJWT(good()).encode()
    expect(await authorizer.authorize(`Bearer ${unsigned}`)).toMatchObject({ ok: false, status: 401 })
  })

  it('with HS256 keyed by the public key', async () => {
    const secret = Buffer.from(await exportSPKI(keys.publicKey))
    const confused = await new SignJWT(good()).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret)
    expect(await authorizer.authorize(`Bearer ${confused}`)).toMatchObject(refused('RS256'))
  })

  it('with a key that the issuer does not have, or with none named', async () => {
    const unknown = await sign(good(), { kid: 'two' })
    expect(await authorizer.authorize(`Bearer ${unknown}`)).toMatchObject(refused('unknown key'))
    const unnamed = await sign(good(), {})
    expect(await authorizer.authorize(`Bearer ${unnamed}`)).toMatchObject(refused('does not name its key'))
  })

  it('from another issuer', async () => {
    expect(await decide({ ...good(), iss: 'https://elsewhere.example.com' })).toMatchObject(refused('iss'))
  })

  it('for another audience, even when the client_id would fit', async () => {
    expect(await decide({ ...good(), client_id: 'another' })).toMatchObject(refused('audience'))
    expect(await decide({ ...good(), aud: 'elsewhere' })).toMatchObject(refused('audience'))
    expect(await decide({ ...good(), client_id: undefined })).toMatchObject(refused('audience'))
  })

  it('when it expired, never expires, is not yet valid, or was issued in the future', async () => {
    expect(await decide({ ...good(), exp: now - 1 })).toMatchObject(refused('expired'))
    expect(await decide({ ...good(), exp: undefined })).toMatchObject(refused('exp'))
    expect(await decide({ ...good(), nbf: now + 600 })).toMatchObject(refused('nbf'))
    expect(await decide({ ...good(), iat: now + 600 })).toMatchObject(refused('future'))
  })
})

it('renders claims as API Gateway hands them to Lambda', () => {
  expect(claimsForLambda({ 'cognito:groups': ['staff'], empty: [], exp: 1, ok: false, none: null })).toEqual({
    'cognito:groups': '[staff]',
    empty: '[]',
    exp: '1',
    ok: 'false',
  })
})

it('passes a failing issuer on as an error and asks again the next time', async () => {
  const failing = createJwtAuthorizer({ issuer: 'http://127.0.0.1:9', audience: ['portal'] })
  await expect(failing.authorize('Bearer a.b.c')).rejects.toThrow()
})
