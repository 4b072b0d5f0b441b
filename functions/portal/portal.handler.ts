import referenceTemplate from '../../web/reference.html'
import topUpTemplate from '../../web/top-up.html'
import { pageHeaders } from '../edge/content-security.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { openApiDocument } from './openapi.ts'
import { readDocs, readOpenApi, readTopUpPage } from './portal.api.ts'
import { renderReferencePage } from './render-reference.ts'
import { renderTopUpPage } from './render-top-up-page.ts'
import { createTokenIssuer } from './token-issuer.client.ts'

const { PORTAL_CLIENT_ID, TOKEN_ISSUER } = environment('PORTAL_CLIENT_ID', 'TOKEN_ISSUER')
const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER })
const document = openApiDocument()
const reference = renderReferencePage(document, referenceTemplate)
const sameForAll = { 'cache-control': 'public, max-age=300' }

export const handler = httpHandler(
  bind(readDocs, async () => ({ status: 200, body: reference, headers: pageHeaders(reference) })),

  bind(readOpenApi, async () => ({
    status: 200,
    body: document,
    headers: { ...sameForAll, 'access-control-allow-origin': '*' },
  })),

  bind(readTopUpPage, async () => {
    const endpoints = await issuer.readEndpoints()
    if (!endpoints) {
      const headers = { 'retry-after': '10' }
      return { status: 503, body: 'The sign-in service does not answer. Try again in a moment.', headers }
    }
    const page = renderTopUpPage(topUpTemplate, { clientId: PORTAL_CLIENT_ID, ...endpoints })
    const headers = pageHeaders(page, ["'self'", new URL(endpoints.tokenEndpoint).origin])
    // Its address may carry a sign-in's code.
    return { status: 200, body: page, headers: { ...headers, 'cache-control': 'no-store' } }
  }),
)
