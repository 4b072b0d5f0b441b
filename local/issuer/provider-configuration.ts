import { type Configuration, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import type { IssuerSecrets } from './issuer-secrets.ts'
import { createMemoryAdapter } from './memory-adapter.ts'
import type { People } from './people.ts'
import { errorPage, signedOutPage, signOutPage } from './sign-in-pages.ts'

export interface ProviderSettings {
  secrets: IssuerSecrets
  people: People
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  allowedOrigins?: string[]
}

/** The one API that tokens are for; it exists so that access tokens are JWTs. */
const RESOURCE = 'urn:drawdown:api'
const PERSON_SCOPES = 'openid email profile'
const RESOURCE_SCOPES = `${PERSON_SCOPES} drawdown/staff drawdown/usage`
const TOKEN_LIFETIME_SECONDS = 3600
const SESSION_LIFETIME_SECONDS = 14 * 24 * 3600

/** What makes oidc-provider issue the tokens that Cognito would: RS256 JWTs of one hour, with the claims of a user pool. */
export function providerConfiguration(settings: ProviderSettings): Configuration {
  const { secrets, people } = settings
  return {
    adapter: createMemoryAdapter(),
    clients: clients(settings),
    jwks: { keys: secrets.signingKeys as never },
    cookies: { keys: secrets.cookieKeys },
    scopes: RESOURCE_SCOPES.split(' '),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['cognito:groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    responseTypes: ['code'],
    ttl: lifetimes(),
    interactions: { policy: signInPolicy(), url: (_context, interaction) => `/sign-in/${interaction.uid}` },
    clientBasedCORS: (_context, origin) => isAllowedOrigin(origin, settings.allowedOrigins),
    findAccount: async (_context, sub) => {
      const person = people.find(sub)
      if (!person) return undefined
      const claims = { sub, email: person.email, email_verified: true, 'cognito:groups': person.groups }
      return { accountId: sub, claims: async () => claims }
    },
    loadExistingGrant: grantEverythingAsked,
    extraTokenClaims: (context, token) => {
      if (token.kind !== 'AccessToken') return { token_use: 'access' }
      return personClaims(people, token.accountId, context)
    },
    // Cognito's access tokens have no `aud`; API Gateway falls back to `client_id`. The provider insists on an audience,
    // so it is the client's id: the same audience list accepts both.
    formats: {
      customizers: {
        jwt: (_context, token, jwt) => {
          jwt.payload = { ...jwt.payload, aud: token.clientId }
        },
      },
    },
    features: features(),
    renderError: async (context, out) => {
      context.type = 'html'
      context.body = errorPage(out.error, out.error_description)
    },
  }
}

function clients(settings: ProviderSettings): Configuration['clients'] {
  const machine = (clientId: string, secret: string, scope: string) => ({
    client_id: clientId,
    client_secret: secret,
    scope,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic' as const,
  })
  return [
    {
      client_id: 'portal',
      client_name: 'Drawdown portal',
      // A native client may come back on any port of the loopback interface (RFC 8252, section 7.3).
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: settings.redirectUris,
      post_logout_redirect_uris: settings.postLogoutRedirectUris,
      scope: PERSON_SCOPES,
      require_auth_time: true,
    },
    machine('staff-machine', settings.secrets.clientSecrets.staffMachine, 'drawdown/staff'),
    machine('usage-machine', settings.secrets.clientSecrets.usageMachine, 'drawdown/usage'),
  ]
}

function features(): Configuration['features'] {
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (context, form) => {
        context.body = signOutPage(form)
      },
      postLogoutSuccessSource: async (context) => {
        context.body = signedOutPage()
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: RESOURCE_SCOPES,
        audience: RESOURCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: TOKEN_LIFETIME_SECONDS,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  }
}

function lifetimes(): Configuration['ttl'] {
  return {
    AccessToken: TOKEN_LIFETIME_SECONDS,
    ClientCredentials: TOKEN_LIFETIME_SECONDS,
    IdToken: TOKEN_LIFETIME_SECONDS,
    AuthorizationCode: 60,
    Interaction: 3600,
    Grant: SESSION_LIFETIME_SECONDS,
    Session: SESSION_LIFETIME_SECONDS,
  }
}

/** Signing in is the only question asked: the portal is the operator's own, so there is nothing to consent to. */
function signInPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  policy.remove('consent')
  return policy
}

async function grantEverythingAsked(context: KoaContextWithOIDC) {
  const { client, session, provider } = context.oidc
  if (!client || !session?.accountId) return undefined
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope(PERSON_SCOPES)
  grant.addResourceScope(RESOURCE, PERSON_SCOPES)
  await grant.save()
  return grant
}

function personClaims(people: People, sub: string, context: KoaContextWithOIDC) {
  const person = people.find(sub)
  if (!person) throw new Error('A token was asked for somebody who never signed in')
  return {
    token_use: 'access',
    email: person.email,
    email_verified: true,
    auth_time: context.oidc.entities.AuthorizationCode?.authTime,
    ...(person.groups.length > 0 ? { 'cognito:groups': person.groups } : {}),
  }
}

function isAllowedOrigin(origin: string, allowedOrigins?: string[]): boolean {
  if (allowedOrigins) return allowedOrigins.includes(origin)
  return /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(origin)
}
