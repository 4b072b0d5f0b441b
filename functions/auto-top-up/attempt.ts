import type { Account } from '../accounts/account.ts'
import type { Cards } from '../cards/cards.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import type { TopUp } from '../top-up/top-up.ts'
import type { AutoTopUp } from './auto-top-up.ts'
import type { Step } from './decide-step.ts'

/** Who starts automatic top-ups, as entries name it. */
export const AUTO_TOP_UP_ACTOR = 'machine:auto-top-up'

/** The id of an account's nth attempt. No request's own key leads to it: account ids have no slash. */
export function attemptIdOf(accountId: string, attempt: bigint): string {
  return idFromKey('top', `${accountId}/automatic`, attempt.toString())
}

/** The top-up of an attempt, as it is written before the provider hears of it. */
export function topUpOfAttempt(
  account: Account,
  next: AutoTopUp,
  { amountMicros, card }: NonNullable<Step['attempt']>,
  { customerId }: Cards,
  termsVersion: string | undefined,
  at: string,
): TopUp {
  return {
    topUpId: next.inFlight!.topUpId,
    accountId: account.accountId,
    status: 'created',
    amountMicros,
    currency: next.currency,
    origin: 'automatic',
    requestedMethod: 'saved_card',
    method: 'saved_card',
    saveCard: false,
    customerId,
    paymentMethodId: card.paymentMethodId,
    requestHash: requestHash({ attempt: next.attempts.toString() }),
    actor: AUTO_TOP_UP_ACTOR,
    termsVersion,
    createdAt: at,
    capMonth: next.month,
    isCountedToCap: true,
    refundedMicros: 0n,
    changedAt: at,
    revision: 0n,
  }
}
