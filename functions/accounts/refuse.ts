import { Problem, type ProblemCode } from '../edge/problem.ts'
import type { NotEmpty } from '../ledger/decide-status.ts'
import { money } from '../ledger/money.ts'

const DETAILS = {
  account_not_found: 'You have no such account.',
  account_erased: 'It stays closed: open another account.',
  wrong_currency: 'lowCreditThreshold.currency: must be the account’s own currency.',
  idempotency_key_reused: 'Send the first request again, or this one under a key of its own.',
  time_zone_in_use:
    'The account has a plan, whose months are reckoned in this time zone. Open another account for the new one.',
  member_exists: 'This person has another role here; change it with PATCH.',
  member_not_found: 'This person is no member of the account.',
  last_owner: 'Make somebody else an owner first.',
  busy: 'Sent again, it is done once.',
} satisfies Partial<Record<ProblemCode, string>>

/** A store's refusal as the problem that is answered. */
export function refuse(reason: keyof typeof DETAILS): Problem {
  const errors =
    reason === 'wrong_currency'
      ? [{ field: 'lowCreditThreshold.currency', detail: 'must be the account’s own' }]
      : []
  return new Problem(reason, DETAILS[reason], { errors })
}

/** Why an account's status stays as it is. */
export function refuseStatus(
  refusal: NotEmpty | { reason: 'account_not_found' | 'account_erased' | 'changed_meanwhile' | 'busy' },
  currency: string,
): Problem {
  if (refusal.reason !== 'account_not_empty') {
    return refuse(refusal.reason === 'changed_meanwhile' ? 'busy' : refusal.reason)
  }
  const available = money(refusal.availableMicros, currency)
  const held = money(refusal.heldMicros, currency)
  const detail = `${available.amount} ${currency} are available and ${held.amount} ${currency} held. Settle them first.`
  return new Problem('account_not_empty', detail, { extra: { available, held } })
}
