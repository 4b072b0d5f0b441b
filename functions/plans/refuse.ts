import { postingProblem } from '../edge/posting-problem.ts'
import { Problem } from '../edge/problem.ts'
import type { FieldRefusal } from './decide-subscription.ts'
import type { PlanChangeRefusal } from './planned-change.ts'

type PostingRefusal = Parameters<typeof postingProblem>[0]

/** A refused change of plan within the month as the problem that is answered. */
export function refuseChange(refusal: PlanChangeRefusal | PostingRefusal, currency: string): Problem {
  switch (refusal.reason) {
    case 'request_invalid':
      return refuseChoice(refusal)
    case 'plan_owed':
      return new Problem('plan_owed', 'Top up what is owed first; less of the plan can be taken at any time.')
    case 'too_many_changes':
      return new Problem(
        'too_many_changes',
        'Nothing more is added within this month. Order several at once, or from the next month on: PUT the plan. To end the plan, or to remove a service, is possible at any time.',
      )
    case 'month_not_charged':
      return new Problem('busy', 'The month is being charged; send the same request again.')
    case 'clock_behind':
      return new Problem('busy', 'A new month has just begun; send the same request again.')
    default:
      return postingProblem(refusal, currency)
  }
}

type ChoiceRefusal =
  | { reason: 'request_invalid'; errors: FieldRefusal[] }
  | { reason: 'changed_meanwhile' | 'busy' }

/** A refused choice of plan as the problem that is answered. */
export function refuseChoice(refusal: ChoiceRefusal): Problem {
  if (refusal.reason === 'request_invalid') {
    const detail = refusal.errors.map((error) => `${error.field}: ${error.detail}`).join('; ')
    return new Problem('request_invalid', detail, { errors: refusal.errors })
  }
  if (refusal.reason === 'busy') return new Problem('busy', 'Sent again, it is done once.')
  return new Problem('changed_meanwhile', 'The account’s time zone was changed; look at it and choose again.')
}
