import type { IncomingMessage } from 'node:http'
import type { LocalCors } from '../template.ts'

/** The answer's CORS headers for a request, as an HTTP API with CORS configured sets them; none for an origin it does not know. */
export function corsHeaders(cors: LocalCors | undefined, request: IncomingMessage): Record<string, string> {
  const origin = request.headers.origin
  if (cors === undefined || origin === undefined) return {}
  const allowsAny = cors.allowOrigins.includes('*')
  if (!allowsAny && !cors.allowOrigins.some((allowed) => isSameOrigin(allowed, origin))) return {}
  const headers: Record<string, string> = {
    'access-control-allow-origin': allowsAny && !cors.allowCredentials ? '*' : origin,
  }
  if (!allowsAny) headers.vary = 'Origin'
  if (cors.allowCredentials) headers['access-control-allow-credentials'] = 'true'
  if (isPreflight(request)) {
    headers['access-control-allow-methods'] = cors.allowMethods.join(',')
    headers['access-control-allow-headers'] = cors.allowHeaders.join(',')
    if (cors.maxAgeSeconds !== undefined) headers['access-control-max-age'] = String(cors.maxAgeSeconds)
  } else if (cors.exposeHeaders.length > 0) {
    headers['access-control-expose-headers'] = cors.exposeHeaders.join(',')
  }
  return headers
}

/** Whether a browser asks if it may send the real request. */
export const isPreflight = (request: IncomingMessage): boolean =>
  request.method === 'OPTIONS' &&
  request.headers.origin !== undefined &&
  request.headers['access-control-request-method'] !== undefined

const isSameOrigin = (allowed: string, origin: string): boolean =>
  allowed.toLowerCase() === origin.toLowerCase()
