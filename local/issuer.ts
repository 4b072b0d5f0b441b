import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Provider } from 'oidc-provider'
import { loadIssuerSecrets } from './issuer/issuer-secrets.ts'
import { endCookiesByLifetime } from './issuer/lasting-cookies.ts'
import { createPeople, STAFF } from './issuer/people.ts'
import { providerConfiguration } from './issuer/provider-configuration.ts'
import { isSignInPath, serveSignIn } from './issuer/serve-sign-in.ts'
import { closeServer, listenOnLoopback } from './listen-on-loopback.ts'

export interface IssuerOptions {
  /** 0 picks a free port; tokens survive a restart only on the same port, because the port is part of `iss`. */
  port: number
  /** Where `issuer.json` (signing keys, client secrets) is kept. */
  folder: string
  /** Where the portal may be sent back to; each must be a loopback address, its port does not matter (RFC 8252). */
  redirectUris?: string[]
  /** Where the portal may be sent back to after sign-out; loopback, any port. */
  postLogoutRedirectUris?: string[]
  /** Browser origins that may call the token endpoint; default: every loopback origin. */
  allowedOrigins?: string[]
  /** People who get the group `staff`. Default: `staff@operator.example.com` and `finance@operator.example.com`. */
  staffEmails?: string[]
}

export interface IssuerMachineClient {
  clientId: string
  clientSecret: string
  scope: string
}

export interface IssuerClients {
  portal: { clientId: string }
  staffMachine: IssuerMachineClient
  usageMachine: IssuerMachineClient
}

export interface RunningIssuer {
  /** The `iss` of every token: `http://127.0.0.1:<port>`. */
  url: string
  jwksUri: string
  tokenUrl: string
  clients: IssuerClients
  close(): Promise<void>
}

const DEFAULT_REDIRECT_URIS = [
  'http://127.0.0.1/',
  'http://localhost/',
  'http://127.0.0.1/top-up',
  'http://localhost/top-up',
  'http://127.0.0.1/portal',
  'http://localhost/portal',
  'http://127.0.0.1/portal/signed-out',
  'http://localhost/portal/signed-out',
  'http://127.0.0.1/docs',
  'http://localhost/docs',
  'http://127.0.0.1/signed-in',
  'http://localhost/signed-in',
]

/**
 * Starts the local stand-in for the user pool: a real OpenID Connect issuer whose access tokens have the shape of
 * Cognito's. Any e-mail address can sign in, without a password, so it listens on loopback alone.
 * Keys and client secrets are made once per folder; sessions live in memory.
 */
export async function startIssuer(options: IssuerOptions): Promise<RunningIssuer> {
  const secrets = await loadIssuerSecrets(options.folder)
  let serve: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.writeHead(503).end()
  }
  const server = createServer((request, response) => serve(request, response))
  const port = await listenOnLoopback(server, options.port)
  const url = `http://127.0.0.1:${port}`
  const people = createPeople(options.staffEmails ?? STAFF)
  const redirectUris = options.redirectUris ?? DEFAULT_REDIRECT_URIS
  const provider = new Provider(
    url,
    providerConfiguration({
      secrets,
      people,
      redirectUris,
      postLogoutRedirectUris: options.postLogoutRedirectUris ?? redirectUris,
      allowedOrigins: options.allowedOrigins,
    }),
  )
  const answer = provider.callback()
  serve = (request, response) => {
    endCookiesByLifetime(response)
    if (isSignInPath(request.url ?? '/')) void serveSignIn(provider, people, request, response)
    else void answer(request, response)
  }
  return {
    url,
    jwksUri: `${url}/jwks`,
    tokenUrl: `${url}/token`,
    clients: {
      portal: { clientId: 'portal' },
      staffMachine: {
        clientId: 'staff-machine',
        clientSecret: secrets.clientSecrets.staffMachine,
        scope: 'drawdown/staff',
      },
      usageMachine: {
        clientId: 'usage-machine',
        clientSecret: secrets.clientSecrets.usageMachine,
        scope: 'drawdown/usage',
      },
    },
    close: () => closeServer(server),
  }
}
