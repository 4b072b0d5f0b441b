import { Problem } from '../edge/problem.ts'
import type { FieldRefusal } from './decide-subscription.ts'

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
