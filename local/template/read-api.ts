import type { Json } from './intrinsics.ts'
import { type Found, functionOf, type Reading } from './reading.ts'
import type { LocalCors, LocalRoute } from './template.types.ts'

/** Reads a JWT authorizer; any other kind is an error. */
export function readAuthorizer(reading: Reading, found: Found): void {
  if (reading.get('AuthorizerType') !== 'JWT') reading.fail('only JWT authorizers run here')
  const jwt = reading.get<{ Audience?: string[]; Issuer?: string }>('JwtConfiguration') ?? {}
  found.authorizers.set(reading.reference, { audience: jwt.Audience ?? [], issuer: jwt.Issuer ?? '' })
}

/** Reads which function an integration runs. */
export function readIntegration(reading: Reading, found: Found): void {
  if (reading.get('IntegrationType') !== 'AWS_PROXY') reading.fail('only Lambda proxy integrations run here')
  if ((reading.get('PayloadFormatVersion') ?? '2.0') !== '2.0')
    reading.fail('only payload format 2.0 runs here')
  found.integrations.set(
    reading.reference,
    functionOf(reading, found, reading.get<string>('IntegrationUri') ?? ''),
  )
}

/** Reads a route, with its function and who may call it. */
export function readRoute(reading: Reading, found: Found): void {
  const target = (reading.get<string>('Target') ?? '').replace(/^integrations\//, '')
  const functionName = found.integrations.get(target) ?? reading.fail(`no integration ${target}`)
  const route: LocalRoute = { routeKey: reading.get<string>('RouteKey') ?? '', functionName }
  const kind = reading.get<string>('AuthorizationType') ?? 'NONE'
  if (kind === 'JWT') {
    const id = reading.get<string>('AuthorizerId') ?? ''
    const authorizer = found.authorizers.get(id) ?? reading.fail(`no authorizer ${id}`)
    route.authorizer = { ...authorizer, scopes: reading.get<string[]>('AuthorizationScopes') ?? [] }
  } else if (kind !== 'NONE') {
    reading.fail(`authorization ${kind} does not run here`)
  }
  found.routes.push(route)
}

/** Reads the API’s CORS settings. */
export function readApi(reading: Reading, found: Found): void {
  if (reading.get('ProtocolType') !== 'HTTP') reading.fail('only HTTP APIs run here')
  const cors = reading.get<Record<string, Json>>('CorsConfiguration')
  if (cors === undefined) return
  const list = (property: string) => ((cors[property] as string[] | undefined) ?? []).map(String)
  const read: LocalCors = {
    allowOrigins: list('AllowOrigins'),
    allowMethods: list('AllowMethods'),
    allowHeaders: list('AllowHeaders'),
    exposeHeaders: list('ExposeHeaders'),
    allowCredentials: cors.AllowCredentials === true,
  }
  found.cors = cors.MaxAge === undefined ? read : { ...read, maxAgeSeconds: Number(cors.MaxAge) }
}
