import { createHmac, timingSafeEqual } from 'node:crypto'
import { PURPOSES, type Purpose } from './purposes.ts'

/** Whose consent a link withdraws. */
export type Withdrawal = { personId: string; purpose: Purpose }

/**
 * What stands in a link: whose consent and which, signed with HMAC-SHA256, so that nobody can make a link for somebody else.
 * It holds no address, opens nothing else and never ends, since an old e-mail’s link has to work.
 */
export function writeWithdrawalToken(key: string, { personId, purpose }: Withdrawal): string {
  return `1.${personId}.${purpose}.${signatureOf(key, personId, purpose)}`
}

/** Undefined for anything that was not written with the key, or is for a purpose that is in the table no more. */
export function readWithdrawalToken(key: string, token: string): Withdrawal | undefined {
  const [version, personId = '', purpose = '', signature = '', ...rest] = token.split('.')
  if (version !== '1' || rest.length > 0) return undefined
  const expected = Buffer.from(signatureOf(key, personId, purpose))
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const known = PURPOSES.find((one) => one === purpose)
  return known && { personId, purpose: known }
}

function signatureOf(key: string, personId: string, purpose: string): string {
  return createHmac('sha256', key).update(`withdraw\n1\n${personId}\n${purpose}`).digest('base64url')
}

/** Where the link of an e-mail leads, and where a mail program posts to. */
export function withdrawalLink(apiUrl: string, token: string): string {
  return `${apiUrl}/v1/consents/withdrawals?token=${token}`
}
