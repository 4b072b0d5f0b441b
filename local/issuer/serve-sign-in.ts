import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors, type Provider } from 'oidc-provider'
import type { People } from './people.ts'
import { errorPage, signInPage } from './sign-in-pages.ts'

const LONGEST_FORM_BYTES = 4096

/** Whether a request is for the sign-in form and not for the provider itself. */
export function isSignInPath(url: string): boolean {
  return url.startsWith('/sign-in/')
}

/** Shows the sign-in form and takes what it sends; a form without a usable address is shown again with status 422. */
export async function serveSignIn(
  provider: Provider,
  people: People,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<ServerResponse> {
  try {
    const interaction = await provider.interactionDetails(request, response)
    const action = `/sign-in/${interaction.uid}`
    if (request.method !== 'POST')
      return send(response, 200, signInPage(action, undefined, hintOf(interaction.params)))
    const email = new URLSearchParams(await readForm(request)).get('email') ?? ''
    const person = people.signIn(email)
    if (!person) return send(response, 422, signInPage(action, 'Please enter an e-mail address.', email))
    await provider.interactionFinished(
      request,
      response,
      { login: { accountId: person.sub } },
      { mergeWithLastSubmission: false },
    )
    return response
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) {
      return send(response, error.statusCode, errorPage(error.error, error.error_description))
    }
    console.error(error)
    if (response.headersSent) return response
    return send(response, 500, errorPage('server_error', 'The sign-in page failed.'))
  }
}

function hintOf(parameters: Record<string, unknown>): string {
  return typeof parameters.login_hint === 'string' ? parameters.login_hint : ''
}

async function readForm(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) {
    body += chunk
    if (body.length > LONGEST_FORM_BYTES) throw new errors.InvalidRequest('the form is too long')
  }
  return body
}

function send(response: ServerResponse, status: number, html: string): ServerResponse {
  return response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(html)
}
