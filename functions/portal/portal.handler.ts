import referenceTemplate from '../../web/reference.html'
import { pageHeaders } from '../edge/content-security.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import type { Reply } from '../edge/route.ts'
import { configurePage } from './configure-page.ts'
import { openApiDocument } from './openapi.ts'
import * as api from './portal.api.ts'
import { portalPages } from './portal-pages.ts'
import { renderReferencePage } from './render-reference.ts'
import { createTokenIssuer } from './token-issuer.client.ts'

const { PORTAL_CLIENT_ID, TOKEN_ISSUER } = environment('PORTAL_CLIENT_ID', 'TOKEN_ISSUER')
const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER })
const document = openApiDocument()
const reference = renderReferencePage(document, referenceTemplate)
const sameForAll = { 'cache-control': 'public, max-age=300' }

/** A page that signs people in; the sign-in service comes back to `callbackPath`. */
async function pageWithSignIn(template: string, callbackPath: string): Promise<Reply> {
  const endpoints = await issuer.readEndpoints()
  if (!endpoints) {
    const headers = { 'retry-after': '10' }
    return { status: 503, body: 'The sign-in service does not answer. Try again in a moment.', headers }
  }
  const page = configurePage(template, { clientId: PORTAL_CLIENT_ID, callbackPath, ...endpoints })
  const headers = pageHeaders(page, ["'self'", new URL(endpoints.tokenEndpoint).origin])
  // Its address may carry a sign-in's code.
  return { status: 200, body: page, headers: { ...headers, 'cache-control': 'no-store' } }
}

export const handler = httpHandler(
  bind(api.readDocs, async () => ({ status: 200, body: reference, headers: pageHeaders(reference) })),

  bind(api.readOpenApi, async () => ({
    status: 200,
    body: document,
    headers: { ...sameForAll, 'access-control-allow-origin': '*' },
  })),

  bind(api.readTopUpPage, () => pageWithSignIn(portalPages.topUp, '/top-up')),
  bind(api.readPortalPage, () => pageWithSignIn(portalPages.home, '/portal')),
  bind(api.readPortalTermsPage, () => pageWithSignIn(portalPages.terms, '/portal')),
  bind(api.readPortalPrivacyPage, () => pageWithSignIn(portalPages.privacy, '/portal')),

  bind(api.readSignedOutPage, async () => ({
    status: 200,
    body: portalPages.signedOut,
    headers: pageHeaders(portalPages.signedOut),
  })),
)
