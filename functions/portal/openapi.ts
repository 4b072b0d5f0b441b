import { createDocument, createSchema } from 'zod-openapi'
import { problemSchema } from '../edge/problem.ts'
import { cloudEventSchema } from '../usage/read-cloud-events.ts'
import { apiRoutes, operationIdOf } from './api-routes.ts'
import { describeOperation } from './describe-operation.ts'
import { requestExamples } from './request-examples.ts'

const INTRODUCTION = `Prepaid billing: top-ups raise an account's balance, usage and plans draw it down, and it never goes below zero.

Amounts are decimal strings with a currency, \`{"amount": "12.345678", "currency": "USD"}\`, exact to a millionth. Every
request that moves money carries an \`Idempotency-Key\`, or a key in each of its lines, and may be sent again without a second effect. Lists go on with
\`nextCursor\`. What is refused comes as RFC 9457 problem details with a stable \`code\`. Another client's account answers
404, just as one that is not there.`

export type OpenApiDocument = ReturnType<typeof createDocument>

/** The API as an OpenAPI 3.1 document, made from the very schemas that check its requests. */
export function openApiDocument(): OpenApiDocument {
  const paths: Record<string, Record<string, ReturnType<typeof describeOperation>>> = {}
  for (const route of apiRoutes) {
    const [method, path] = route.route.split(' ') as [string, string]
    const operationId = operationIdOf(route)
    paths[path] ??= {}
    paths[path][method.toLowerCase()] = describeOperation(route, operationId, requestExamples[operationId])
  }
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Drawdown',
        version: '1.0.0',
        description: INTRODUCTION,
        license: { name: 'Proprietary', url: '/docs' },
      },
      servers: [{ url: '/' }],
      tags: [...new Set(apiRoutes.map(({ tag }) => tag))].map((name) => ({ name })),
      paths,
      components: { schemas: { Problem: problemSchema, UsageEvent: usageEventSchema() }, securitySchemes },
    },
    { override: ({ jsonSchema, io }) => loosen(jsonSchema, io) },
  )
  openReferences(document)
  return document
}

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An access token of the sign-in service: of a person, or of a machine with its client credentials.',
  },
} as const

/** Bodies of events are described by hand and name the event's schema, which nothing else brings into the document. */
function usageEventSchema() {
  return createSchema(cloudEventSchema, { io: 'input' }).components.UsageEvent!
}

function loosen(
  schema: { additionalProperties?: unknown; format?: string; pattern?: string },
  io: string,
): void {
  // A reply may get another field one day, and no reader should break on it.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
  // The format says what the long pattern says.
  if (schema.format === 'date-time' || schema.format === 'email') delete schema.pattern
}

/**
 * JSON Schema takes `additionalProperties: false` to mean the properties that stand beside it: beside a reference those are
 * none, and no value would fit. What is referred to says it for itself.
 */
function openReferences(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if ('$ref' in value && 'additionalProperties' in value) delete value.additionalProperties
  for (const inner of Object.values(value)) openReferences(inner)
}
