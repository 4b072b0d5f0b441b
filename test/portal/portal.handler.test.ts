import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { portalRoutes } from '../../functions/portal/portal.routes.ts'

type Answer = { statusCode: number; headers: Record<string, string>; body: string }

let issuer: Server
let issuerUrl: string
let isUp = false
let call: (route: string) => Promise<Answer>

beforeAll(async () => {
  issuer = createServer((_request, response) => {
    const at = (path: string) => `${issuerUrl}/${path}`
    const found = { issuer: issuerUrl, authorization_endpoint: at('auth'), token_endpoint: at('token') }
    const body = isUp ? { ...found, end_session_endpoint: at('end') } : {}
    response.writeHead(isUp ? 200 : 500).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  Object.assign(process.env, { PORTAL_CLIENT_ID: 'portal', TOKEN_ISSUER: issuerUrl })
  const { handler } = await import('../../functions/portal/portal.handler.ts')
  call = async (routeKey) => {
    const [method, rawPath] = routeKey.split(' ') as [string, string]
    const requestContext = {
      http: { method, path: rawPath, sourceIp: '192.0.2.1', userAgent: 'test' },
      stage: '$default',
    }
    const event = { version: '2.0', routeKey, rawPath, rawQueryString: '', headers: {}, requestContext }
    return (await handler(event as unknown as APIGatewayProxyEventV2, {} as Context)) as Answer
  }
})
afterAll(() => issuer.close())

const signingIn = ['readTopUpPage', 'readPortalPage', 'readPortalTermsPage', 'readPortalPrivacyPage'] as const

describe('the portal’s pages', () => {
  it('wait while the sign-in service does not answer', async () => {
    for (const name of signingIn) {
      const answer = await call(portalRoutes[name])
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '10'])
    }
    isUp = true
  })

  it.each(signingIn)('know where people sign in and out, and are kept by nobody: %s', async (name) => {
    const { statusCode, headers, body } = await call(portalRoutes[name])
    expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ])
    const block = /id="configuration">(.*?)<\/script>/.exec(body)![1]!
    expect(JSON.parse(block)).toEqual({
      clientId: 'portal',
      callbackPath: name === 'readTopUpPage' ? '/top-up' : '/portal',
      authorizationEndpoint: `${issuerUrl}/auth`,
      tokenEndpoint: `${issuerUrl}/token`,
      endSessionEndpoint: `${issuerUrl}/end`,
    })
    const policy = headers['content-security-policy']
    expect(policy).toContain(`connect-src 'self' ${issuerUrl};`)
    expect(policy).toMatch(/default-src 'none'.*script-src 'sha256-[^']+';.*frame-ancestors 'none'/)
  })

  it('end at one that says that it is over, and runs nothing', async () => {
    const { statusCode, headers, body } = await call(portalRoutes.readSignedOutPage)
    expect([statusCode, body.includes('You are signed out')]).toEqual([200, true])
    expect(headers['content-security-policy']).toContain("script-src 'none'")
  })
})
