import type { z } from 'zod'
import type { Caller } from './caller.ts'
import type { ProblemCode } from './problem.ts'

export type RouteName = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`

export type ResponseDescription = {
  description: string
  schema?: z.ZodType
  /** Default `application/json`. */
  contentType?: string
  /** Text types that the same reply comes in when `Accept` asks for them. */
  textTypes?: string[]
  /** Types of files that are no text, likewise. */
  binaryTypes?: string[]
}

/** All that the API says of a route: the gateway's check, the OpenAPI document and the handler's types come from here. */
export type Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> = {
  route: RouteName
  summary: string
  tag: string
  /** Who may call it; `public` has no token. */
  callers: Caller['kind'][] | 'public'
  params?: Params
  query?: Query
  /** A JSON body. */
  body?: Body
  /** JSON content types other than `application/json` that the body may have. */
  contentTypes?: string[]
  /** The body is a list whose members are judged one by one: it comes as it was parsed, a `__proto__` in one of them included. */
  checksEachMember?: true
  /** A body taken as text: its content types. Excludes `body`. */
  textBody?: string | string[]
  /** Default 256 KiB. */
  largestBodyBytes?: number
  /** The request moves money: it needs an `Idempotency-Key`. */
  idempotent?: true
  responses: Record<number, ResponseDescription>
  problems?: ProblemCode[]
}

/** Keeps the types of the schemas that a route names. */
export function defineRoute<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(route: Route<Params, Query, Body>): Route<Params, Query, Body> {
  return route
}

export type HttpRequest<Params, Query, Body> = {
  /** Undefined on a public route. */
  caller: Caller
  params: Params
  query: Query
  body: Body
  /** The body as it came, for signatures and text bodies. */
  text: string
  /** The content type without its parameters, in lower case. */
  contentType: string
  idempotencyKey: string
  headers: Record<string, string | undefined>
  /** From the trusted hop: what the gateway itself saw. */
  sourceIp: string
  userAgent: string
}

export type Reply = {
  status: number
  /** An object is sent as JSON; a text or bytes as they are, with the content type that `headers` name. */
  body?: object | string | Uint8Array
  headers?: Record<string, string>
}
