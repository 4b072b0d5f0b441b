export interface MachineTokenRequest {
  issuerUrl: string
  clientId: string
  clientSecret: string
  /** One or more scopes, separated by spaces. */
  scope: string
}

/** Gets an access token by the client-credentials grant; throws with the issuer's own error when it is refused. */
export async function fetchMachineToken(request: MachineTokenRequest): Promise<string> {
  const credentials = [request.clientId, request.clientSecret].map(encodeURIComponent).join(':')
  const response = await fetch(`${request.issuerUrl}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: request.scope }),
  })
  return readAccessToken(response)
}

/** The `access_token` of a token response; throws `<error>: <description>` for any other answer. */
export async function readAccessToken(response: Response): Promise<string> {
  const body = (await response.json()) as {
    access_token?: string
    error?: string
    error_description?: string
  }
  if (response.ok && body.access_token) return body.access_token
  throw new Error(`${body.error ?? response.status}: ${body.error_description ?? 'no access token'}`)
}
