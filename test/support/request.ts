import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { TestDatabase } from './database.ts'

export type Reply = { status: number; headers: Record<string, string>; text: string; body: ReplyBody }
/** As the tests read it: any member may be asked for, and is compared, never trusted. */
export type ReplyBody = { [name: string]: ReplyBody }

export type Request = {
  route: string
  path?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
  claims?: Record<string, unknown>
}

export const staffClaims = { sub: 'staff-machine', client_id: 'staff-machine', scope: 'drawdown/staff' }
export const personClaims = (email: string) => ({
  ...{ sub: `sub-${email}`, email, email_verified: 'true', client_id: 'portal', scope: 'openid' },
  ...{ iss: 'https://issuer.example.com', auth_time: '1795435200' },
})

/** Where handlers find the embedded database: set before a handler is imported. */
export function useDatabase(database: TestDatabase): void {
  Object.assign(process.env, {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: database.accessKeyId, AWS_SECRET_ACCESS_KEY: 'local' },
    ...{ AWS_ENDPOINT_URL_DYNAMODB: database.endpoint, POWERTOOLS_LOG_LEVEL: 'SILENT' },
    ...{ LEDGER_TABLE: database.ledgerTable, USAGE_TABLE: database.usageTable },
    WAITING_TABLE: database.waitingTable,
    DOCUMENTS_TABLE: database.documentsTable,
    PAYMENTS_TABLE: database.paymentsTable,
  })
}

type Handler = (event: APIGatewayProxyEventV2, context: never) => Promise<unknown>

/** A request as the gateway hands it to a function, its token checked. */
export function eventOf(request: Request): APIGatewayProxyEventV2 {
  const [method = '', template = ''] = request.route.split(' ')
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(request.path?.[name] ?? ''),
  )
  const hasBody = request.body !== undefined
  return {
    version: '2.0',
    routeKey: request.route,
    rawPath: path,
    rawQueryString: new URLSearchParams(request.query).toString(),
    headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), ...request.headers },
    pathParameters: request.path ?? {},
    queryStringParameters: request.query ?? {},
    body: hasBody ? JSON.stringify(request.body) : undefined,
    isBase64Encoded: false,
    requestContext: {
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      routeKey: request.route,
      authorizer: request.claims && { jwt: { claims: request.claims, scopes: null } },
    },
  } as unknown as APIGatewayProxyEventV2
}

/** Sends one request to a handler as the gateway would have. */
export async function send(handler: unknown, request: Request): Promise<Reply> {
  const reply = (await (handler as Handler)(eventOf(request), {} as never)) as {
    statusCode: number
    headers: Record<string, string>
    body?: string
  }
  const text = reply.body ?? ''
  const isJson = /json/.test(reply.headers['content-type'] ?? '')
  return { status: reply.statusCode, headers: reply.headers, text, body: isJson ? JSON.parse(text) : {} }
}
