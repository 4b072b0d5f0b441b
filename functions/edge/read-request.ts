import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { z } from 'zod'
import { type Caller, callerOf } from './caller.ts'
import { type FieldError, invalidField, Problem } from './problem.ts'
import type { HttpRequest, Route } from './route.ts'
import { asLine } from './text.ts'

const DEFAULT_LARGEST_BODY_BYTES = 256 * 1024
const LONGEST_USER_AGENT = 512
const IDEMPOTENCY_KEY_PATTERN = /^[\x21-\x7e]{1,128}$/

/** Reads an API Gateway event as the route describes it, or throws the `Problem` that names what is wrong. */
export function readRequest<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Params, Query, Body>,
  event: APIGatewayProxyEventV2,
): HttpRequest<z.output<Params>, z.output<Query>, z.output<Body>> {
  const caller = readCaller(route, event)
  const headers = event.headers ?? {}
  const params = parse(route.params, event.pathParameters ?? {}, 'path') as z.output<Params>
  const query = parse(route.query, event.queryStringParameters ?? {}, 'query') as z.output<Query>
  const text = readText(route, event)
  const contentType = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  const body = (route.body ? readJson(route, text, contentType) : undefined) as z.output<Body>
  const textTypes = [route.textBody ?? []].flat()
  if (textTypes.length > 0 && !textTypes.includes(contentType)) throw unsupported(contentType, textTypes)
  return {
    caller,
    params,
    query,
    body,
    text,
    contentType,
    idempotencyKey: route.idempotent ? readIdempotencyKey(headers['idempotency-key']) : '',
    headers,
    sourceIp: event.requestContext.http.sourceIp,
    userAgent: asLine(event.requestContext.http.userAgent ?? '', LONGEST_USER_AGENT),
  }
}

const NOBODY: Caller = { kind: 'client', actor: 'nobody', subject: '' }

function readCaller(route: Pick<Route, 'callers'>, event: APIGatewayProxyEventV2): Caller {
  if (route.callers === 'public') return NOBODY
  const context = event.requestContext as { authorizer?: { jwt?: { claims?: Record<string, unknown> } } }
  const claims = context.authorizer?.jwt?.claims
  if (!claims)
    throw new Problem('unauthorized', 'Send a token in the Authorization header: "Bearer <token>".')
  const caller = callerOf(claims)
  if (!route.callers.includes(caller.kind)) {
    throw new Problem(
      'role_not_allowed',
      `This is for ${route.callers.join(' or ')}; the token is of kind ${caller.kind}.`,
    )
  }
  return caller
}

function readText(route: Pick<Route, 'largestBodyBytes'>, event: APIGatewayProxyEventV2): string {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
  const largestBytes = route.largestBodyBytes ?? DEFAULT_LARGEST_BODY_BYTES
  if (bytes.length > largestBytes) {
    const detail = `has ${bytes.length} bytes; at most ${largestBytes} are taken here`
    throw new Problem('body_too_large', `body: ${detail}`, { errors: [{ field: 'body', detail }] })
  }
  return bytes.toString('utf8')
}

function readJson(
  route: Pick<Route, 'body' | 'contentTypes' | 'checksEachMember'>,
  text: string,
  contentType: string,
): unknown {
  const contentTypes = route.contentTypes ?? ['application/json']
  if (!contentTypes.includes(contentType)) throw unsupported(contentType, contentTypes)
  return parse(route.body, route.checksEachMember ? parseAnyJson(text) : parseJson(text), 'body')
}

const FORBIDDEN_MEMBER = '__proto__'
export const FORBIDDEN_MEMBER_DETAIL = 'is not a name that a member may have'

/** Parses JSON; refuses `__proto__` as a member anywhere, which no honest client sends. */
export function parseJson(text: string): unknown {
  const value = parseAnyJson(text)
  const path = findForbiddenMember(value)
  if (path) throw invalidField(path, FORBIDDEN_MEMBER_DETAIL)
  return value
}

function parseAnyJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidField('body', 'is not JSON')
  }
}

/** The path of a member named `__proto__`, wherever in a parsed value it is; undefined when there is none. */
export function findForbiddenMember(value: unknown): string | undefined {
  const waiting: [path: string, value: unknown][] = [['', value]]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [path, current] = next
    if (typeof current !== 'object' || current === null) continue
    for (const name of Object.keys(current)) {
      const place = path === '' ? name : `${path}.${name}`
      if (name === FORBIDDEN_MEMBER) return place
      waiting.push([place, (current as Record<string, unknown>)[name]])
    }
  }
  return undefined
}

function unsupported(contentType: string, taken: string[]): Problem {
  const detail = `is "${contentType}"; ${taken.join(' or ')} is taken here`
  return new Problem('media_type_unsupported', `content-type: ${detail}`, {
    errors: [{ field: 'content-type', detail }],
  })
}

function readIdempotencyKey(header: string | undefined): string {
  if (!header) {
    const detail = 'send a text of your own that is the same whenever you repeat this very request'
    throw new Problem('idempotency_key_missing', detail, { errors: [{ field: 'Idempotency-Key', detail }] })
  }
  if (!IDEMPOTENCY_KEY_PATTERN.test(header)) {
    throw invalidField('Idempotency-Key', 'must be 1 to 128 visible ASCII characters without spaces')
  }
  return header
}

function parse(schema: z.ZodType | undefined, value: unknown, place: 'path' | 'query' | 'body'): unknown {
  if (!schema) return undefined
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = fieldErrors(result.error, place)
  throw new Problem('request_invalid', errors.map(({ field, detail }) => `${field}: ${detail}`).join('; '), {
    errors,
  })
}

const MOST_ERRORS_SHOWN = 20

/** Zod's issues as field errors: each names its field by the path that leads to it. */
export function fieldErrors(error: z.ZodError, place = 'body'): FieldError[] {
  const errors = error.issues.flatMap((issue) => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: [...path, key].join('.'),
        detail: 'is not a field of this request',
      }))
    }
    // Of a member whose name is none, what is wrong with the name.
    const detail = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
    return [{ field: path.join('.') || place, detail: detail ?? issue.message }]
  })
  return errors.slice(0, MOST_ERRORS_SHOWN)
}
