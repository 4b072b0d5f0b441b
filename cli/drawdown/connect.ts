import { type ApiClient, createApiClient, renewing } from '../api-client.ts'
import { CommandProblem, UsageProblem } from './command.ts'

export const CONNECTION_OPTIONS = { api: { type: 'string' }, token: { type: 'string' } } as const
export const CONNECTION_HELP = `  --api URL      the API (default DRAWDOWN_API, else http://127.0.0.1:4000, the stack on this machine)
  --token TOKEN  a bearer token (default DRAWDOWN_TOKEN, which no list of processes shows); the stack on this
                 machine gives one of its staff to whoever has none`

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** The API that the options, or else the environment, name. Throws `UsageProblem` for an address or token that is none. */
export function connect(options: { api?: string; token?: string }): ApiClient {
  const apiUrl = readUrl(options.api ?? process.env.DRAWDOWN_API ?? 'http://127.0.0.1:4000')
  const token = (options.token ?? process.env.DRAWDOWN_TOKEN)?.trim()
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw new UsageProblem('--token is not a bearer token')
  if (token === undefined && !LOOPBACK.has(apiUrl.hostname))
    throw new UsageProblem(
      `${apiUrl.origin} wants a bearer token: put it into DRAWDOWN_TOKEN, or name it with --token`,
    )
  const tokens =
    token === undefined
      ? renewing(
          () => fetchLocalToken(apiUrl),
          () => new Date(),
        )
      : () => Promise.resolve(token)
  return sayingWhoDoesNotAnswer(createApiClient(apiUrl.href, tokens), apiUrl)
}

function readUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageProblem(`--api must be a web address such as https://billing.example.com, not "${text}"`)
  return new URL(text)
}

async function fetchLocalToken(apiUrl: URL): Promise<string> {
  const response = await fetch(new URL('/local/token', apiUrl), {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ client: 'staff-machine' }),
  })
  const { token } = (await response.json().catch(() => ({}))) as { token?: string }
  if (!token) throw new CommandProblem(`${apiUrl.origin} gives no token; put one into DRAWDOWN_TOKEN`)
  return token
}

function sayingWhoDoesNotAnswer(client: ApiClient, apiUrl: URL): ApiClient {
  const explain = (error: unknown): never => {
    // What fetch throws when no reply came.
    if (!(error instanceof TypeError)) throw error
    const hint = LOOPBACK.has(apiUrl.hostname) ? 'Start it with "npm start", or name' : 'Name'
    throw new CommandProblem(`Nothing answers at ${apiUrl.origin}. ${hint} its address with --api.`)
  }
  return {
    get: (path, query) => client.get<never>(path, query).catch(explain),
    send: (method, path, options) => client.send<never>(method, path, options).catch(explain),
  }
}
