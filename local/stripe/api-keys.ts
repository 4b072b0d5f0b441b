import { timingSafeEqual } from 'node:crypto'
import { StripeProblem } from './stripe-problem.ts'

/** Whether a key would reach real money. */
export function isLiveKey(apiKey: string): boolean {
  return /^(sk|rk)_live_/.test(apiKey)
}

/** Checks the key of a request (`Bearer`, or the user name of `Basic`); refuses with 401 as Stripe does. */
export function requireApiKey(authorization: string | undefined, apiKey: string): void {
  const presented = presentedKey(authorization)
  if (!presented) {
    throw new StripeProblem(401, {
      type: 'invalid_request_error',
      message: 'You did not provide an API key. Use Authorization: Bearer YOUR_SECRET_KEY.',
    })
  }
  if (isLiveKey(presented)) {
    throw new StripeProblem(401, {
      type: 'invalid_request_error',
      message: 'This is the local Stripe stand-in; it refuses live keys. Use the test key of this stack.',
    })
  }
  if (!isSame(presented, apiKey)) {
    const masked = `${presented.slice(0, 8)}****${presented.slice(-4)}`
    throw new StripeProblem(401, {
      type: 'invalid_request_error',
      message: `Invalid API Key provided: ${masked}`,
    })
  }
}

function presentedKey(authorization: string | undefined): string | undefined {
  const [scheme = '', value = ''] = (authorization ?? '').split(' ')
  if (/^bearer$/i.test(scheme)) return value
  if (/^basic$/i.test(scheme)) return Buffer.from(value, 'base64').toString('utf8').split(':')[0]
  return undefined
}

function isSame(presented: string, expected: string): boolean {
  const left = Buffer.from(presented)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}
