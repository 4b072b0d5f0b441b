import type { Caller } from '../edge/caller.ts'
import { Problem } from '../edge/problem.ts'
import type { AccountStore } from './account.store.ts'
import type { Account, Member, MemberRole } from './account.ts'

export type Allowed = {
  /** Members with one of these roles may. */
  roles: readonly MemberRole[]
  /** Staff may too. Default: they may not. */
  staff?: boolean
  /** Machines that send usage may too. Default: they may not. */
  usage?: boolean
}

/** The caller may act: on which account, and as whom (staff and machines are no members). */
export type Access = { account: Account; member?: Member }

/**
 * The account, if the caller may act on it so. Throws `account_not_found` for an account that is not there and just so
 * for another client's, and `role_not_allowed` for a caller who may see the account and yet not do this.
 */
export async function requireAccess(
  accounts: Pick<AccountStore, 'read' | 'readMember'>,
  caller: Caller,
  accountId: string,
  allowed: Allowed,
): Promise<Account> {
  return (await readAccess(accounts, caller, accountId, allowed)).account
}

/** As `requireAccess`, with the membership that gives the right. */
export async function readAccess(
  accounts: Pick<AccountStore, 'read' | 'readMember'>,
  caller: Caller,
  accountId: string,
  allowed: Allowed,
): Promise<Access> {
  const email = caller.kind === 'client' ? caller.email : undefined
  const [account, member] = await Promise.all([
    accounts.read(accountId),
    email === undefined ? undefined : accounts.readMember(accountId, email),
  ])
  const mayKnow = caller.kind !== 'client' || member !== undefined
  if (!account || !mayKnow) throw new Problem('account_not_found', `You have no account ${accountId}.`)
  if (caller.kind === 'staff' && allowed.staff) return { account }
  if (caller.kind === 'usage' && allowed.usage) return { account }
  if (member && allowed.roles.includes(member.role)) return { account, member }
  throw new Problem('role_not_allowed', refusal(allowed, member))
}

function refusal(allowed: Allowed, member: Member | undefined): string {
  const who = allowed.roles.length > 0 ? `members with the role ${allowed.roles.join(' or ')}` : ''
  const staff = allowed.staff ? 'staff' : ''
  const may = [who, staff].filter(Boolean).join(' and ')
  return `This is for ${may}${member ? `; your role here is ${member.role}` : ''}.`
}
