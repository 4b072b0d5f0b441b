import type { Member } from '../accounts/account.ts'
import { hashOfAddress } from '../consents/person-key.ts'
import type { Caller } from '../edge/caller.ts'
import { Problem } from '../edge/problem.ts'
import type { Subject } from './privacy-request.ts'

export type AskedSubject =
  | { type: 'account' }
  | { type: 'person'; email: string; scope: 'this_account' | 'all_accounts' }

/**
 * Whom a request is about, if this caller may ask for that: an owner for the account and for its members within it, and
 * everybody for themselves, there or in all accounts. Throws `role_not_allowed` otherwise.
 */
export function readSubject(asked: AskedSubject, caller: Caller, member: Member): Subject {
  const isOwner = member.role === 'owner'
  if (asked.type === 'account') {
    if (!isOwner) throw new Problem('role_not_allowed', 'Only an owner asks for what is held on the account.')
    return asked
  }
  const isOwn = asked.email === caller.email
  if (!isOwn && !isOwner)
    throw new Problem('role_not_allowed', 'Ask for what is held on yourself; an owner may ask for others.')
  if (!isOwn && asked.scope === 'all_accounts')
    throw new Problem('role_not_allowed', 'Of somebody else an owner may ask for this account alone.')
  return subjectOfPerson(asked.email, asked.scope, isOwn ? [caller.subject] : [])
}

export function subjectOfPerson(
  email: string,
  scope: 'this_account' | 'all_accounts',
  subjects: string[],
): Subject {
  return { type: 'person', email, emailHash: hashOfAddress(email), scope, subjects }
}
