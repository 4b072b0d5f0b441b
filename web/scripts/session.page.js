/**
 * Signing in, and calling the API as whoever is signed in: one way of doing it for all pages. The token stays in this tab and
 * goes when it is closed.
 */
globalThis.session = (() => {
  const SIGN_IN = 'drawdown.sign-in'
  const TOKEN = 'drawdown.token'

  const configuration = JSON.parse(document.getElementById('configuration').textContent)
  const redirectUri = `${location.origin}${configuration.callbackPath}`

  /** A problem that is shown to the person in these words. */
  class Told extends Error {}

  /** What the API refused, with its stable code and all that it says. */
  class Refused extends Told {
    constructor(message, status, problem) {
      super(message)
      this.status = status
      this.code = problem.code
      this.problem = problem
    }
  }

  const remember = (name, value) => sessionStorage.setItem(name, JSON.stringify(value))
  const forget = (name) => sessionStorage.removeItem(name)
  function recall(name) {
    try {
      return JSON.parse(sessionStorage.getItem(name))
    } catch {
      return null
    }
  }

  const base64url = (bytes) =>
    btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
  const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)))

  /**
   * Authorization code with PKCE (RFC 7636); comes back to the page's callback with `code` and `state`, and from there to
   * where it began. With `isFresh` the sign-in service asks again, whoever is signed in there.
   */
  async function signIn({ isFresh = false } = {}) {
    const verifier = randomText()
    const state = randomText()
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
    remember(SIGN_IN, { state, verifier, path: location.pathname, search: location.search })
    const address = new URL(configuration.authorizationEndpoint)
    const asked = {
      client_id: configuration.clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: 'S256',
      ...(isFresh ? { prompt: 'login' } : {}),
    }
    for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value)
    location.assign(address.href)
  }

  /**
   * Where the sign-in service has just sent the browser back, takes its code to the token endpoint. The address is then what
   * it was before; true where that is another page, to which the browser is on its way.
   */
  async function finishSignIn() {
    const answer = new URLSearchParams(location.search)
    if (!answer.has('state')) return false
    const asked = recall(SIGN_IN)
    forget(SIGN_IN)
    const isOurs = asked !== null && asked.state === answer.get('state')
    history.replaceState(null, '', `${location.pathname}${isOurs ? asked.search : ''}`)
    if (!isOurs) throw new Told('This sign-in was not started here. Open the link in your e-mail again.')
    if (answer.has('error'))
      throw new Told(`You were not signed in: ${answer.get('error_description') ?? answer.get('error')}`)
    const response = await fetch(configuration.tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: configuration.clientId,
        code: answer.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: asked.verifier,
      }),
    })
    if (!response.ok) throw new Told('The sign-in could not be finished. Try again.')
    const { access_token: token, expires_in: lifetimeSeconds = 300 } = await response.json()
    remember(TOKEN, { token, expiresAt: Date.now() + (lifetimeSeconds - 30) * 1000 })
    if (asked.path === location.pathname) return false
    location.replace(`${asked.path}${asked.search}`)
    return true
  }

  const isSignedIn = () => {
    const kept = recall(TOKEN)
    return kept !== null && kept.expiresAt > Date.now()
  }

  /** False while the browser is on its way elsewhere: to sign in, or to the page where the sign-in began. */
  async function begin() {
    if (await finishSignIn()) return false
    if (isSignedIn()) return true
    await signIn()
    return false
  }

  /** Forgets the token here, and then the sign-in service forgets the person. */
  function signOut() {
    sessionStorage.clear()
    const signedOut = `${location.origin}/portal/signed-out`
    const { endSessionEndpoint, clientId } = configuration
    if (endSessionEndpoint === undefined) return location.assign(signedOut)
    const address = new URL(endSessionEndpoint)
    // The second is OpenID Connect RP-Initiated Logout 1.0, the third is Cognito's own name for the same.
    const asked = { client_id: clientId, post_logout_redirect_uri: signedOut, logout_uri: signedOut }
    for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value)
    location.assign(address.href)
  }

  /** The API's response, whatever it holds; a refusal is thrown. */
  async function send(path, options = {}) {
    const authorization = `Bearer ${recall(TOKEN)?.token ?? ''}`
    const response = await fetch(path, { ...options, headers: { ...options.headers, authorization } })
    if (response.ok) return response
    throw readRefusal(response.status, await response.json().catch(() => ({})))
  }

  function readRefusal(status, problem) {
    const refuse = (message) => new Refused(message, status, problem)
    if (status === 401) {
      forget(TOKEN)
      return refuse('Your sign-in has expired.')
    }
    if (problem.code === 'account_not_found')
      return refuse('You are signed in, but not as a member of this account.')
    const documents = (problem.missing ?? []).map(({ title, document: name }) => title ?? name).join(', ')
    if (problem.code === 'terms_required') return refuse(`New terms must be accepted first: ${documents}.`)
    return refuse(
      [problem.title, problem.detail].filter(Boolean).join(': ') || 'That did not work. Try again later.',
    )
  }

  /** The API's JSON; undefined where it answers with nothing. */
  async function call(path, options) {
    const response = await send(path, options)
    return response.status === 204 ? undefined : response.json()
  }

  /** A call that brings JSON. */
  const callWith = (method, path, body, headers = {}) =>
    call(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  return {
    ...{ Told, Refused, configuration, remember, recall, forget },
    ...{ begin, finishSignIn, isSignedIn, signIn, signOut, send, call, callWith },
    forgetToken: () => forget(TOKEN),
  }
})()
