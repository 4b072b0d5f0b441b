export interface EnterCardOptions {
  /** For a card that asks for authentication: whether the customer passes it. Default: true. */
  authenticate?: boolean
  email?: string
  /** `MM/YY`; by default in three years. */
  expiry?: string
}

export type PayCheckoutOptions = EnterCardOptions

export type PayCheckoutOutcome =
  | { paid: true /** Where the browser is sent: the session's success_url. */; redirectUrl: string }
  | { paid: false /** What the page tells the customer. */; message: string }

export type SaveCardOutcome = { saved: true; redirectUrl: string } | { saved: false; message: string }

/**
 * Pays a Checkout session on the stand-in's payment page as a customer would, with a test card. A declined card or a
 * failed authentication is an outcome, not an error, and the session stays open for another try; a session that is not
 * open throws.
 */
export async function payCheckout(
  sessionUrl: string,
  cardNumber: string,
  options: EnterCardOptions = {},
): Promise<PayCheckoutOutcome> {
  const outcome = await enterCard(sessionUrl, cardNumber, options)
  return 'redirectUrl' in outcome ? { paid: true, ...outcome } : { paid: false, ...outcome }
}

/** Saves a card on the page of a session in `setup` mode; otherwise as `payCheckout`. */
export async function saveCard(
  sessionUrl: string,
  cardNumber: string,
  options: EnterCardOptions = {},
): Promise<SaveCardOutcome> {
  const outcome = await enterCard(sessionUrl, cardNumber, options)
  return 'redirectUrl' in outcome ? { saved: true, ...outcome } : { saved: false, ...outcome }
}

async function enterCard(
  sessionUrl: string,
  cardNumber: string,
  options: EnterCardOptions,
): Promise<{ redirectUrl: string } | { message: string }> {
  const form: Record<string, string> = { card_number: cardNumber }
  if (options.email) form.email = options.email
  if (options.expiry) form.expiry = options.expiry
  let response = await post(sessionUrl, form)
  const authenticationUrl = response.headers.get('location')
  if (response.status === 303 && authenticationUrl?.endsWith('/authenticate')) {
    const action = options.authenticate === false ? 'fail' : 'complete'
    response = await post(new URL(authenticationUrl, sessionUrl).href, { action })
  }
  const redirectUrl = response.headers.get('location')
  if (response.status === 303 && redirectUrl) return { redirectUrl }
  const page = await response.text()
  const message = /<p role="alert"[^>]*>([^<]*)</.exec(page)?.[1]
  if (response.status !== 402 || !message)
    throw new Error(`The payment page answered ${response.status}: ${page}`)
  return { message }
}

function post(url: string, form: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
}
