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

export const portalApi = [readDocs, readOpenApi, readTopUpPage]
