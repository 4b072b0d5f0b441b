/** A refusal of the API, with the problem document that explains it. */
export class ApiRefusal extends Error {
  readonly status: number
  readonly problem: Record<string, unknown>

  constructor(method: string, path: string, status: number, problem: Record<string, unknown>) {
    super(
      `${method} ${path}: ${status} ${problem.code ?? problem.message ?? ''} ${problem.detail ?? ''}`.trim(),
    )
    this.name = 'ApiRefusal'
    this.status = status
    this.problem = problem
  }
}

export type RequestOptions = {
  body?: unknown
  text?: string
  contentType?: string
  idempotencyKey?: string
  query?: Record<string, string | undefined>
}

export type ApiClient = {
  get<Reply>(path: string, query?: RequestOptions['query']): Promise<Reply>
  send<Reply>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options?: RequestOptions,
  ): Promise<Reply>
}

const TRIES_WHEN_BUSY = 8

/** The public API as one caller sees it; `token` is asked before each request, so that it may renew itself. */
export function createApiClient(apiUrl: string, token: () => Promise<string>): ApiClient {
  async function send<Reply>(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const url = new URL(path, apiUrl)
    for (const [name, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value)
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${await token()}`,
          'content-type': options.contentType ?? 'application/json',
          ...(options.idempotencyKey && { 'idempotency-key': options.idempotencyKey }),
        },
        body: options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      })
      const reply = (await response.json().catch(() => ({}))) as Record<string, unknown>
      if (response.ok) return reply as Reply
      if (response.status !== 503 || attempt === TRIES_WHEN_BUSY)
        throw new ApiRefusal(method, url.pathname, response.status, reply)
      await new Promise((wake) => setTimeout(wake, 100 * attempt))
    }
  }
  return { get: (path, query) => send('GET', path, { query }), send }
}

/** Asks for a new token a minute before the last one ends, by the clock that is given. */
export function renewing(fetchToken: () => Promise<string>, now: () => Date): () => Promise<string> {
  let known: { token: string; endsAtMillis: number } | undefined
  return async () => {
    if (!known || known.endsAtMillis < now().getTime() + 60_000) {
      const token = await fetchToken()
      const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number }
      known = { token, endsAtMillis: claims.exp * 1000 }
    }
    return known.token
  }
}
