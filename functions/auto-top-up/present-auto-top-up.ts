import type { Account } from '../accounts/account.ts'
import { money } from '../ledger/money.ts'
import { type AutoTopUp, inMonthOf } from './auto-top-up.ts'
import { CONSENT_WORDING } from './consent-wording.ts'

/** An automatic top-up as replies carry it, counted for the month of `at`; one that was never switched on is off. */
export function presentAutoTopUp(
  { accountId, timeZone }: Pick<Account, 'accountId' | 'timeZone'>,
  document: AutoTopUp | undefined,
  at: string,
) {
  if (!document) return { accountId, status: 'off' as const, consentWording: CONSENT_WORDING }
  const { currency, targetMicros, amountMicros, lastFailure, consent, ...now } = inMonthOf(
    document,
    at,
    timeZone,
  )
  const shown = (micros: bigint) => money(micros, currency)
  return {
    accountId,
    status: now.status,
    threshold: shown(now.thresholdMicros),
    target: targetMicros === undefined ? undefined : shown(targetMicros),
    amount: amountMicros === undefined ? undefined : shown(amountMicros),
    monthlyCap: shown(now.monthlyCapMicros),
    month: now.month,
    charged: shown(now.chargedMicros),
    topUpId: now.inFlight?.topUpId,
    lastAttemptAt: now.lastAttemptAt,
    failuresInARow: now.failuresInARow,
    lastFailure: lastFailure && {
      reason: lastFailure.reason,
      at: lastFailure.at,
      topUpId: lastFailure.topUpId,
      amount: shown(lastFailure.amountMicros),
      failureCode: lastFailure.failureCode,
    },
    consent: {
      actor: consent.actor,
      at: consent.at,
      wordingVersion: consent.wordingVersion,
      termsVersion: consent.termsVersion,
    },
    consentWording: CONSENT_WORDING,
  }
}
