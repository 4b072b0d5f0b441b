import type { Account } from '../accounts/account.ts'
import type { BusEvent } from '../events/event.ts'
import type { Round, ToldTerms } from './telling.ts'

/**
 * The event by which an account is told of a version. Its id is the account, the version and the round, so that a round which
 * is gone over again tells the same; a reminder's also the date that it is of, since the same version may be named for an
 * earlier one's date, too. The text's language is the one that binds.
 */
export function describeTelling(
  { accountId }: Pick<Account, 'accountId'>,
  round: Round,
  { version, requiredAt }: ToldTerms,
  { now, portalUrl }: { now: Date; portalUrl: string },
): BusEvent {
  const { document, kind, title, clientTypes, effectiveAt, summary } = version
  const about = {
    ...{ accountId, at: now.toISOString(), document, kind, version: version.version, title, clientTypes },
    ...{ class: version.class, effectiveAt, summary, requiredAt },
    termsUrl: termsLink(portalUrl, accountId),
  }
  if (round === 'published') {
    const id = `${accountId}/terms.published/${document}/${version.version}`
    return { detailType: 'terms.published', detail: { id, ...about } }
  }
  const id = `${accountId}/terms.reminder/${document}/${version.version}/${requiredAt}/${round}`
  return { detailType: 'terms.reminder', detail: { id, ...about, requiredAt: requiredAt!, round } }
}

/** The portal's page on which an account's terms are read, compared and answered. */
export function termsLink(portalUrl: string, accountId: string): string {
  const link = new URL('/portal/terms', portalUrl)
  link.searchParams.set('account', accountId)
  return link.href
}
