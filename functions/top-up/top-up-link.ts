import type { Money } from '../ledger/money.ts'

/** The portal's page that tops an account up, by exactly this amount where one is given. */
export function topUpLink(
  portalUrl: string,
  accountId: string,
  amount: Money | { currency: string },
): string {
  const link = new URL('/top-up', portalUrl)
  link.searchParams.set('account', accountId)
  if ('amount' in amount) link.searchParams.set('amount', amount.amount)
  link.searchParams.set('currency', amount.currency)
  return link.href
}
