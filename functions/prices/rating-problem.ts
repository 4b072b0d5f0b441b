import { Problem } from '../edge/problem.ts'

/** What cannot be rated, as the problem that is answered: the field that says so, and why. */
export function ratingProblem({
  field,
  ratingReason: detail,
}: {
  field: string
  ratingReason: string
}): Problem {
  return new Problem('not_rated', `${field}: ${detail}`, { errors: [{ field, detail }] })
}
