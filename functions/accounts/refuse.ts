import { Problem, type ProblemCode } from '../edge/problem.ts'

const DETAILS = {
  account_not_found: 'You have no such account.',
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
