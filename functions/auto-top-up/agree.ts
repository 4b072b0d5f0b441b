import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import type { Card } from '../cards/cards.ts'
import {
  type AutoTopUp,
  type AutoTopUpSettings,
  type Consent,
  hasOtherCard,
  MOST_FAILURES_IN_A_ROW,
  percentToTell,
} from './auto-top-up.ts'

/** The document of an account that has never had one, as if it had just been read. */
export function neverSwitchedOn(account: Account, settings: AutoTopUpSettings, consent: Consent): AutoTopUp {
  return {
    ...settings,
    accountId: account.accountId,
    currency: account.currency,
    status: 'off',
    consent,
    month: periodOf(consent.at, account.timeZone),
    chargedMicros: 0n,
    toldPercent: 0,
    attempts: 0n,
    failuresInARow: 0,
    changedAt: consent.at,
    revision: 0n,
  }
}

/**
 * The document after a person of the client's has agreed to these settings: it is on, whatever it was. What it has charged
 * this month stays counted, and its failures too, unless the default card is another one by now; another cap is told of anew.
 */
export function agreed(
  document: AutoTopUp,
  settings: AutoTopUpSettings,
  consent: Consent,
  card?: Card,
): AutoTopUp {
  const { lastFailure } = document
  const next: AutoTopUp = {
    ...document,
    ...(lastFailure && hasOtherCard(lastFailure, card) && { failuresInARow: 0, lastFailure: undefined }),
    ...settings,
    consent,
    status: 'on',
    offReason: undefined,
    changedAt: consent.at,
  }
  if (settings.monthlyCapMicros === document.monthlyCapMicros) return next
  return { ...next, toldPercent: percentToTell(next), heldBackMicros: undefined }
}

/** Whether three charges in a row have failed and the card is still the same: agreeing anew does not mend that. */
export function isDisabled({ failuresInARow, lastFailure }: AutoTopUp, card: Card | undefined): boolean {
  return failuresInARow >= MOST_FAILURES_IN_A_ROW && !!lastFailure && !hasOtherCard(lastFailure, card)
}
