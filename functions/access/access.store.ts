import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account, Member, MemberRole } from '../accounts/account.ts'
import type { Caller } from '../edge/caller.ts'
import { Problem } from '../edge/problem.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'

export type Allowed = {
  /** Members with one of these roles may. */
  roles: readonly MemberRole[]
  /** Staff may too; `under_terms`: while members may, since it buys something anew for the client. Default: they may not. */
  staff?: boolean | 'under_terms'
  /** Machines that send usage may too. Default: they may not. */
  usage?: boolean
  /**
   * Members may although terms in effect wait for their account's answer: it is theirs whatever they have agreed to, or the
   * route asks for the terms itself, behind a repeat. Default: they may not, so that a new route is closed.
   */
  despiteTerms?: true
}

/** The caller may act: on which account, and as whom (staff and machines are no members). */
export type Access = { account: Account; member?: Member }

/** The one place that says whether a caller may act on an account. */
export function createAccess(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const accounts = createAccountStore(options)
  const gate = createTermsGate(options)

  /**
   * The account, if the caller may act on it so. Throws `account_not_found` for an account that is not there and just so
   * for another client's, `role_not_allowed` for a caller who may see the account and yet not do this, and `terms_required`
   * for a member whose account has not answered terms that are in effect.
   */
  async function require(caller: Caller, accountId: string, allowed: Allowed): Promise<Account> {
    return (await read(caller, accountId, allowed)).account
  }

  /** As `require`, with the membership that gives the right. */
  async function read(caller: Caller, accountId: string, allowed: Allowed): Promise<Access> {
    const email = caller.kind === 'client' ? caller.email : undefined
    const [account, member] = await Promise.all([
      accounts.read(accountId),
      email === undefined ? undefined : accounts.readMember(accountId, email),
    ])
    const mayKnow = caller.kind !== 'client' || member !== undefined
    if (!account || !mayKnow) throw new Problem('account_not_found', `You have no account ${accountId}.`)
    if (caller.kind === 'staff' && allowed.staff) {
      if (allowed.staff === 'under_terms') await gate.require(account, new Date())
      return { account }
    }
    if (caller.kind === 'usage' && allowed.usage) return { account }
    if (!member || !allowed.roles.includes(member.role))
      throw new Problem('role_not_allowed', refusal(allowed, member))
    if (!allowed.despiteTerms) await gate.require(account, new Date())
    return { account, member }
  }

  return { require, read }
}

function refusal(allowed: Allowed, member: Member | undefined): string {
  const who = allowed.roles.length > 0 ? `members with the role ${allowed.roles.join(' or ')}` : ''
  const staff = allowed.staff ? 'staff' : ''
  const may = [who, staff].filter(Boolean).join(' and ')
  return `This is for ${may}${member ? `; your role here is ${member.role}` : ''}.`
}
