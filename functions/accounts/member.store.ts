import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { personIdOf } from '../consents/person-key.ts'
import { type WriteItem, type WrittenTogether, writeTogether } from '../edge/write-together.ts'
import { createAccountStore } from './account.store.ts'
import type { Member, MemberRole } from './account.ts'
import { accountKey, formerMemberKey, memberKey, membershipsKey, PROFILE } from './account-keys.ts'

export type MemberStore = ReturnType<typeof createMemberStore>

export type MemberAdded =
  | { ok: true; member: Member; replayed: boolean }
  | { ok: false; reason: 'member_exists' | 'busy' }
export type MemberChanged = { ok: true; member: Member } | MemberRefusal
export type MemberRemoved = { ok: true } | MemberRefusal
type MemberRefusal = { ok: false; reason: 'member_not_found' | 'last_owner' | 'busy' }

const TRIES = 6

/**
 * Changes who may act for an account. The profile counts the owners and every change of the count is one transaction
 * with the change of the member, so that of two owners who remove each other at once one stays.
 */
export function createMemberStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const { readMember } = createAccountStore(options)

  /** Adds a member; one who is there with this very role is returned as is, with another role refused. */
  async function add(member: Member): Promise<MemberAdded> {
    const put: WriteItem = {
      Put: {
        TableName: documentsTable,
        Item: memberItem(member),
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    }
    const written = await writeTogether(client, [put, ...countOwners(member.accountId, isOwner(member.role))])
    if (written.ok) return { ok: true, member, replayed: false }
    if (written.reason === 'busy') return written
    const existing = await readMember(member.accountId, member.email)
    if (!existing) return { ok: false, reason: 'busy' }
    if (existing.role !== member.role) return { ok: false, reason: 'member_exists' }
    return { ok: true, member: existing, replayed: true }
  }

  /** Gives a member another role. */
  async function change(accountId: string, email: string, role: MemberRole): Promise<MemberChanged> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const member = await readMember(accountId, email)
      if (!member) return { ok: false, reason: 'member_not_found' }
      const changed = { ...member, role }
      if (member.role === role) return { ok: true, member }
      const put: WriteItem = {
        Put: { TableName: documentsTable, Item: memberItem(changed), ...roleIs(member.role) },
      }
      const delta = isOwner(role) - isOwner(member.role)
      const outcome = toldApart(await writeTogether(client, [put, ...countOwners(accountId, delta)]))
      if (outcome === 'written') return { ok: true, member: changed }
      if (outcome !== 'member_changed') return { ok: false, reason: outcome }
    }
    return { ok: false, reason: 'busy' }
  }

  /** Takes a member's rights away; the last owner's only where that is said, of an account that nobody has to act for any more. */
  async function remove(
    accountId: string,
    email: string,
    { at, evenLastOwner = false }: { at: string; evenLastOwner?: boolean },
  ): Promise<MemberRemoved> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const member = await readMember(accountId, email)
      if (!member) return { ok: false, reason: 'member_not_found' }
      const Key = { pk: accountKey(accountId), sk: memberKey(email) }
      const removal: WriteItem = { Delete: { TableName: documentsTable, Key, ...roleIs(member.role) } }
      const outcome = toldApart(
        await writeTogether(client, [
          removal,
          ...countOwners(accountId, -isOwner(member.role), evenLastOwner ? 0n : 1n),
          { Put: { TableName: documentsTable, Item: formerMemberItem(accountId, email, at) } },
        ]),
      )
      if (outcome === 'written') return { ok: true }
      if (outcome !== 'member_changed') return { ok: false, reason: outcome }
    }
    return { ok: false, reason: 'busy' }
  }

  /** `least` owners have to be left; one more may come where there is none, as of an account that is open again. */
  function countOwners(accountId: string, delta: number, least = 1n): WriteItem[] {
    if (delta === 0) return []
    return [
      {
        Update: {
          TableName: documentsTable,
          Key: { pk: accountKey(accountId), sk: PROFILE },
          UpdateExpression: 'SET ownerCount = ownerCount + :delta',
          ConditionExpression: 'ownerCount >= :needed',
          ExpressionAttributeValues: {
            ':delta': BigInt(delta),
            ':needed': delta < 0 ? BigInt(-delta) + least : 0n,
          },
        },
      },
    ]
  }

  return { add, change, remove }
}

/** The member's own condition comes first: only if it held does a failed count mean the last owner. */
function toldApart(written: WrittenTogether): 'written' | 'member_changed' | 'last_owner' | 'busy' {
  if (written.ok) return 'written'
  if (written.reason === 'busy') return 'busy'
  return written.failed.some(({ index }) => index === 0) ? 'member_changed' : 'last_owner'
}

const isOwner = (role: MemberRole) => (role === 'owner' ? 1 : 0)

function roleIs(role: MemberRole) {
  return {
    ConditionExpression: '#role = :role',
    ExpressionAttributeNames: { '#role': 'role' },
    ExpressionAttributeValues: { ':role': role },
  }
}

/** What is left of a membership, so that a person's request still leads to the account. */
function formerMemberItem(accountId: string, email: string, leftAt: string): Record<string, unknown> {
  const key = formerMemberKey(personIdOf(email))
  const pk = accountKey(accountId)
  return { pk, sk: key, index1pk: key, index1sk: pk, accountId, leftAt }
}

/** A member as the documents table keeps it; the index finds a person's accounts. */
export function memberItem(member: Member): Record<string, unknown> {
  return {
    pk: accountKey(member.accountId),
    sk: memberKey(member.email),
    index1pk: membershipsKey(personIdOf(member.email)),
    index1sk: accountKey(member.accountId),
    ...member,
  }
}
