import { z } from 'zod'
import type { ZodOpenApiOperationObject } from 'zod-openapi'
import { PROBLEMS, Problem, type ProblemCode, problemBody, problemSchema } from '../edge/problem.ts'
import type { Route } from '../edge/route.ts'

const idempotencyKeyHeader = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/)
  .meta({
    description:
      'Your own name for this request: sent again with the same key it has no second effect and gets the first reply.',
    examples: ['c5bd9d3e-2f3c-4b6e-8c62-7e1f7a1f8d55'],
  })

/** What the gateway answers by itself, before any function of ours runs. */
const gatewayRefusal = z.object({ message: z.string() }).meta({ id: 'GatewayRefusal' })

/** Every code that a route can answer with: those that it names, and those that the edge answers for it. */
export function problemsOf(route: Route): ProblemCode[] {
  const takesBody = route.body !== undefined || route.textBody !== undefined
  const isRestricted = route.callers !== 'public' && route.callers.length < 3
  const implied: (ProblemCode | false)[] = [
    (takesBody || route.params !== undefined || route.query !== undefined) && 'request_invalid',
    route.idempotent === true && 'idempotency_key_missing',
    route.callers !== 'public' && 'unauthorized',
    isRestricted && 'role_not_allowed',
    takesBody && 'body_too_large',
    takesBody && 'media_type_unsupported',
    'busy',
    'internal_error',
  ]
  const codes = new Set([...(route.problems ?? []), ...implied.filter((code) => code !== false)])
  return (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => codes.has(code))
}

/** A route as an OpenAPI operation. */
export function describeOperation(
  route: Route,
  operationId: string,
  example: unknown,
): ZodOpenApiOperationObject {
  const header = route.idempotent ? z.object({ 'Idempotency-Key': idempotencyKeyHeader }) : undefined
  return {
    operationId,
    summary: route.summary,
    tags: [route.tag],
    description: describeCallers(route.callers),
    security: route.callers === 'public' ? [] : [{ bearer: [] }],
    requestParams: {
      ...(isObject(route.params) ? { path: route.params } : {}),
      ...(isObject(route.query) ? { query: route.query } : {}),
      ...(header ? { header } : {}),
    },
    ...requestBodyOf(route, example),
    responses: { ...successes(route), ...problems(route) },
  }
}

const CALLERS = { staff: 'staff', usage: 'machines that send usage', client: 'members of the account' }

function describeCallers(callers: Route['callers']): string {
  if (callers === 'public') return 'For everyone, without a token.'
  if (callers.length === Object.keys(CALLERS).length) return 'For everyone with a token.'
  return `For ${callers.map((caller) => CALLERS[caller]).join(' and ')}.`
}

function isObject(schema: z.ZodType | undefined): schema is z.ZodObject {
  return schema instanceof z.ZodObject
}

function requestBodyOf(route: Route, example: unknown): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (route.textBody) {
    const texts = [route.textBody].flat().map((type) => [type, { schema: z.string() }])
    return { requestBody: { required: true, content: Object.fromEntries(texts) } }
  }
  const schema = route.body
  if (!schema) return {}
  const media = { schema, ...(example === undefined ? {} : { example }) }
  const types = route.contentTypes ?? ['application/json']
  return { requestBody: { required: true, content: Object.fromEntries(types.map((type) => [type, media])) } }
}

function successes(route: Route): ZodOpenApiOperationObject['responses'] {
  const described = Object.entries(route.responses).map(([status, response]) => {
    const { description, schema, contentType = 'application/json' } = response
    const { textTypes = [], binaryTypes = [] } = response
    const texts = textTypes.map((type) => [type, { schema: z.string() }])
    const files = binaryTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])
    const content = schema && { [contentType]: { schema }, ...Object.fromEntries([...texts, ...files]) }
    return [status, { description, ...(content ? { content } : {}) }]
  })
  return Object.fromEntries(described)
}

function problems(route: Route): ZodOpenApiOperationObject['responses'] {
  const byStatus = Map.groupBy(problemsOf(route), (code) => PROBLEMS[code].status)
  const described = [...byStatus].map(([status, codes]) => {
    const description = codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join('\n\n')
    const examples = Object.fromEntries(
      codes.map((code) => [code, { value: problemBody(new Problem(code, `${PROBLEMS[code].title}.`)) }]),
    )
    const byGateway = status === PROBLEMS.unauthorized.status && {
      'application/json': { schema: gatewayRefusal, example: { message: 'Unauthorized' } },
    }
    const content = { 'application/problem+json': { schema: problemSchema, examples }, ...byGateway }
    return [String(status), { description, content }]
  })
  return Object.fromEntries(described)
}
