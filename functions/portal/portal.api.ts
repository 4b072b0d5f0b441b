import { z } from 'zod'
import { defineRoute } from '../edge/route.ts'
import { portalRoutes } from './portal.routes.ts'

const tag = 'Portal'
const page = (description: string) => ({ 200: { description, schema: z.string(), contentType: 'text/html' } })

export const readDocs = defineRoute({
  route: portalRoutes.readDocs,
  summary: 'This API as a page to read',
  tag,
  callers: 'public',
  responses: page('The reference'),
})

export const readOpenApi = defineRoute({
  route: portalRoutes.readOpenApi,
  summary: 'This API as an OpenAPI 3.1 document',
  tag,
  callers: 'public',
  responses: { 200: { description: 'The document', schema: z.looseObject({ openapi: z.string() }) } },
})

export const readTopUpPage = defineRoute({
  route: portalRoutes.readTopUpPage,
  summary: 'The page that a warning’s link leads to: signs in and tops up exactly what is missing',
  tag,
  callers: 'public',
  responses: page('The page'),
})

export const readPortalPage = defineRoute({
  route: portalRoutes.readPortalPage,
  summary: 'A client’s own page: credit, plan, transactions, and what waits; sign-in comes back here',
  tag,
  callers: 'public',
  responses: page('The page'),
})

export const readPortalTermsPage = defineRoute({
  route: portalRoutes.readPortalTermsPage,
  summary: 'The page on which people read terms, what they change, and answer them',
  tag,
  callers: 'public',
  responses: page('The page'),
})

export const readPortalPrivacyPage = defineRoute({
  route: portalRoutes.readPortalPrivacyPage,
  summary: 'The page of e-mails that one wants, and of privacy requests',
  tag,
  callers: 'public',
  responses: page('The page'),
})

export const readSignedOutPage = defineRoute({
  route: portalRoutes.readSignedOutPage,
  summary: 'Where signing out ends',
  tag,
  callers: 'public',
  responses: page('The page'),
})

export const portalApi = [
  ...[readDocs, readOpenApi, readTopUpPage],
  ...[readPortalPage, readPortalTermsPage, readPortalPrivacyPage, readSignedOutPage],
]
