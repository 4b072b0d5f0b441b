import { Problem } from '../edge/problem.ts'

/** Why an answer to terms was not recorded, as the problem that is answered. */
export function refuseAnswer(
  reason: 'terms_version_superseded' | 'terms_already_accepted' | 'role_changed' | 'busy',
): Problem {
  switch (reason) {
    case 'terms_version_superseded':
      return new Problem(reason, 'Nothing was recorded. Read the newest version and answer that.')
    case 'terms_already_accepted':
      return new Problem(reason, 'What was accepted is not declined afterwards; nothing was recorded.')
    case 'role_changed':
      return new Problem(
        'changed_meanwhile',
        'Your role in this account was changed meanwhile; nothing was recorded.',
      )
    case 'busy':
      return new Problem('busy', 'Nothing was recorded.')
  }
}
