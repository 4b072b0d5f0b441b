import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '../../functions/edge/problem.ts'
import { apiRoutes } from '../../functions/portal/api-routes.ts'
import { problemsOf } from '../../functions/portal/describe-operation.ts'
import { openApiDocument } from '../../functions/portal/openapi.ts'
import { requestExamples } from '../../functions/portal/request-examples.ts'

type Json = { [key: string]: Json | undefined } & { $ref?: string; type?: string; properties?: Json }
type Operation = {
  operationId: string
  tags: string[]
  parameters?: { in: string; name: string; required?: boolean }[]
  security: object[]
  responses: Record<string, { content: Record<string, unknown> }>
}

const functionsFolder = join(import.meta.dirname, '../../functions')
const document = openApiDocument()
const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
    route: `${method.toUpperCase()} ${path}`,
    operation,
  })),
)

/** What each `*.routes.ts` exports: its members' names and routes. */
async function declaredRoutes(): Promise<[string, string][]> {
  const files = readdirSync(functionsFolder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.routes.ts'),
  )
  const modules = await Promise.all(files.map((file) => import(join(functionsFolder, file))))
  return modules.flatMap((module) =>
    Object.values(module as Record<string, Record<string, string>>).flatMap((routes) =>
      Object.entries(routes),
    ),
  )
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    const result = await validator.validate(JSON.parse(JSON.stringify(document)))
    expect(result.errors ?? []).toEqual([])
    expect(validator.version).toBe('3.1')
    expect(validator.resolveRefs()).toBeDefined()
  })

  it('has every route that is declared, under its member’s name, and no other', async () => {
    const declared = (await declaredRoutes()).map(([name, route]) => `${name}: ${route}`).sort()
    const documented = operations.map(({ route, operation }) => `${operation.operationId}: ${route}`).sort()
    expect(documented).toEqual(declared)
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
  })

  it('describes every path parameter of every route, and no other', () => {
    for (const { route, operation } of operations) {
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect([route, described.map(({ name }) => name).sort()]).toEqual([route, inPath.sort()])
      expect(described.every(({ required }) => required)).toBe(true)
    }
  })

  it('has no schema that closes a reference, which no value would fit', () => {
    const closed: string[] = []
    const visit = (value: unknown, path: string) => {
      if (value === null || typeof value !== 'object') return
      if ('$ref' in value && 'additionalProperties' in value) closed.push(path)
      for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`)
    }
    visit(JSON.parse(JSON.stringify(document)), 'document')
    expect(closed).toEqual([])
  })

  it('says that a missing token is answered by the gateway, in its own words', () => {
    for (const { operation } of operations.filter(({ operation }) => operation.security.length > 0)) {
      expect(Object.keys(operation.responses['401']!.content)).toContain('application/json')
    }
  })

  it('names problem codes that exist, and every code that exists', () => {
    const known = new Set(Object.keys(PROBLEMS))
    const named = new Set<string>(apiRoutes.flatMap(problemsOf))
    for (const route of apiRoutes) for (const code of route.problems ?? []) expect(known).toContain(code)
    // The gateway and the router answer these where no route does.
    const ofNoRoute = ['not_found']
    expect([...known].filter((code) => !named.has(code) && !ofNoRoute.includes(code))).toEqual([])
  })

  it('wants an Idempotency-Key on every POST that moves money, and on no request that does not', () => {
    const movesMoney = [
      'openAccount',
      'giveCredit',
      'refundEntry',
      'reverseEntry',
      'chargeNow',
      'releaseGap',
      'changeAccountPlan',
      'createTopUp',
      ...['requestRefund', 'approveRefund'],
      // It moves none, but opens a page for a card, of which a repeat must not open another.
      'saveCard',
      // These begin work of which a repeat must not begin another.
      ...['askPrivacy', 'startPrivacyRequest'],
      // It moves none, but tells many: a repeat must not announce twice.
      'createAnnouncement',
      ...['authoriseHold', 'extendHold', 'captureHold', 'releaseHold'],
    ]
    for (const { operation } of operations) {
      const header = operation.parameters?.find(({ name }) => name === 'Idempotency-Key')
      const wanted = movesMoney.includes(operation.operationId) ? true : undefined
      expect([operation.operationId, header?.required]).toEqual([operation.operationId, wanted])
    }
  })

  it('asks for a token everywhere but on the public pages and the payment provider’s events', () => {
    const open = operations.filter(({ operation }) => operation.security.length === 0)
    expect(open.map(({ operation }) => operation.operationId).sort()).toEqual([
      'readDocs',
      'readOpenApi',
      'readPortalPage',
      'readPortalPrivacyPage',
      'readPortalTermsPage',
      'readSignedOutPage',
      'readTopUpPage',
      'readWithdrawalPage',
      'receivePaymentEvent',
      'withdrawByLink',
    ])
  })

  it('has every amount of money as a text, never as a number', () => {
    const money =
      /amount|balance|total|shortfall|threshold|available|held|owed|(^|[a-z])fee|price|perMinute|micros/i
    const isNumber = (schema: Json) => schema.type === 'number' || schema.type === 'integer'
    const found: string[] = []
    const visit = (value: unknown, path: string) => {
      if (value === null || typeof value !== 'object') return
      for (const [name, property] of Object.entries((value as Json).properties ?? {})) {
        if (money.test(name) && isNumber(property as Json)) found.push(`${path}.${name}`)
      }
      for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`)
      if ((value as Json).type === 'number') found.push(`${path} is a number that may have a fraction`)
    }
    visit(JSON.parse(JSON.stringify(document.components?.schemas)), 'components')
    visit(JSON.parse(JSON.stringify(document.paths)), 'paths')
    expect(found).toEqual([])
  })

  it('has an example for every JSON body, which the body’s own schema takes', () => {
    for (const { route, operation } of operations) {
      const { body } = apiRoutes.find((one) => one.route === route)!
      if (!body || operation.operationId === 'receivePaymentEvent') continue
      const result = body.safeParse(requestExamples[operation.operationId])
      expect([operation.operationId, result.error?.issues]).toEqual([operation.operationId, undefined])
    }
    const ids = operations.map(({ operation }) => operation.operationId)
    for (const operationId of Object.keys(requestExamples)) expect(ids).toContain(operationId)
  })
})
