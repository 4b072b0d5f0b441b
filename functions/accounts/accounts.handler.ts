import { createAccess } from '../access/access.store.ts'
import type { Caller } from '../edge/caller.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { parseAmount } from '../ledger/money.ts'
import { createStatusStore } from '../ledger/status.store.ts'
import { createAddressStatusStore } from '../notices/address-status.store.ts'
import { presentAnnouncedTerms, presentWaitingTerms } from '../terms/present-terms.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createAccountStore } from './account.store.ts'
import { type Account, MEMBER_ROLES } from './account.ts'
import * as api from './accounts.api.ts'
import { changeAccount } from './change-account.store.ts'
import { cursorAfter, ownCursorAfter, readOwnPosition, readPosition } from './list-accounts.ts'
import { createMemberStore } from './member.store.ts'
import { openAccount } from './open-account.store.ts'
import { presentAccount, presentAccountInFull, presentMember } from './present-account.ts'
import { refuse, refuseStatus } from './refuse.ts'
import { unlessErased } from './unless-erased.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE } = environment('LEDGER_TABLE', 'DOCUMENTS_TABLE')
const client = documentClient()
const options = { client, documentsTable: DOCUMENTS_TABLE }
const accounts = createAccountStore(options)
const access = createAccess(options)
const members = createMemberStore(options)
const addresses = createAddressStatusStore(options)
const ledger = createLedger({ client, ledgerTable: LEDGER_TABLE })
const statuses = createStatusStore({ client, ledgerTable: LEDGER_TABLE })

const LARGEST_OWN_ACCOUNTS = 100
const anyMember = { roles: MEMBER_ROLES, staff: true }
const ownerOrStaff = { roles: ['owner'] as const, staff: true }

async function ownAccounts(caller: Caller, page: { limit: number; after?: string }) {
  const memberships = caller.email ? await accounts.listMemberships(caller.email, page) : []
  const roles = new Map(memberships.map(({ accountId, role }) => [accountId, role]))
  const own = await accounts.readMany([...roles.keys()])
  return {
    accountIds: [...roles.keys()],
    own: own.map((account) => ({ account, role: roles.get(account.accountId)! })),
  }
}

async function showInFull(account: Account, caller: Caller) {
  const [head, change] = await Promise.all([
    ledger.readHead(account.accountId),
    caller.kind === 'staff' ? statuses.readNewest(account.accountId) : undefined,
  ])
  if (!head) throw new Error(`account ${account.accountId} has no ledger`)
  return presentAccountInFull(account, head.status, change)
}

export const handler = httpHandler(
  bind(api.readMe, async ({ caller }) => {
    const now = new Date()
    const { own } =
      caller.kind === 'client' ? await ownAccounts(caller, { limit: LARGEST_OWN_ACCOUNTS }) : { own: [] }
    const gate = createTermsGate({ ...options, readsOnce: true })
    const shown = own.map(async ({ account, role }) => {
      const { waiting, announced } = await gate.outstanding(account, now)
      return {
        ...presentAccount(account),
        role,
        termsClosed: waiting.some(({ closed }) => closed),
        termsWaiting: waiting.map(presentWaitingTerms),
        termsAnnounced: announced.map(presentAnnouncedTerms),
      }
    })
    return {
      status: 200,
      body: { kind: caller.kind, email: caller.email, accounts: await Promise.all(shown) },
    }
  }),

  bind(api.openAccount, async ({ caller, body, idempotencyKey }) => {
    const { ownerEmail, lowCreditThreshold: threshold, ...settings } = body
    if (threshold && threshold.currency !== body.currency) throw refuse('wrong_currency')
    const account = {
      accountId: idFromKey('acc', caller.actor, idempotencyKey),
      ...settings,
      lowCreditThresholdMicros: parseAmount(threshold?.amount ?? '0')!,
      createdAt: new Date().toISOString(),
    }
    const opened = await openAccount(options, {
      account,
      ownerEmail,
      requestHash: requestHash({ ...settings, ownerEmail, threshold: account.lowCreditThresholdMicros }),
      ledgerOpening: ledger.openingOf(account.accountId, account.currency),
    })
    if (!opened.ok) throw refuse(opened.reason)
    return { status: 201, body: presentAccount(opened.account) }
  }),

  bind(api.listAccounts, async ({ caller, query: { limit, cursor } }) => {
    if (caller.kind === 'staff') {
      const page = await accounts.listAll({ limit, after: readPosition(cursor) })
      return {
        status: 200,
        body: { accounts: page.map(presentAccount), nextCursor: cursorAfter(page, limit) },
      }
    }
    const { accountIds, own } = await ownAccounts(caller, { limit, after: readOwnPosition(cursor) })
    const shown = own.map(({ account }) => presentAccount(account))
    return { status: 200, body: { accounts: shown, nextCursor: ownCursorAfter(accountIds, limit) } }
  }),

  bind(api.readAccount, async ({ caller, params }) => {
    const account = await access.require(caller, params.accountId, { ...anyMember, despiteTerms: true })
    return { status: 200, body: await showInFull(account, caller) }
  }),

  bind(api.setStatus, async ({ caller, params: { accountId }, body }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const at = new Date().toISOString()
    const conditions = body.status === 'closed' ? [] : unlessErased(DOCUMENTS_TABLE, accountId)
    const change = { accountId, ...body, at, actor: caller.actor, unlessErased: conditions }
    const changed = await statuses.change(change)
    if (!changed.ok) throw refuseStatus(changed, account.currency)
    return { status: 200, body: await showInFull(account, caller) }
  }),

  bind(api.changeAccount, async ({ caller, params: { accountId }, body }) => {
    const account = await access.require(caller, accountId, ownerOrStaff)
    const { name, lowCreditThreshold: threshold } = body
    const timeZone = body.timeZone === account.timeZone ? undefined : body.timeZone
    if (timeZone !== undefined && caller.kind !== 'staff') {
      throw new Problem(
        'role_not_allowed',
        'The time zone is changed by staff: the account’s months follow it.',
      )
    }
    if (threshold && threshold.currency !== account.currency) throw refuse('wrong_currency')
    const lowCreditThresholdMicros = threshold && parseAmount(threshold.amount)
    const change = { name, timeZone, lowCreditThresholdMicros }
    if (Object.values(change).every((value) => value === undefined))
      return { status: 200, body: presentAccount(account) }
    const changed = await changeAccount(options, accountId, change)
    if (!changed.ok) throw refuse(changed.reason)
    return { status: 200, body: presentAccount(changed.account) }
  }),

  bind(api.listMembers, async ({ caller, params: { accountId } }) => {
    const { member: own } = await access.read(caller, accountId, anyMember)
    const listed = await accounts.listMembers(accountId)
    const maySee = own === undefined || own.role === 'owner'
    const statuses = maySee ? await addresses.read(listed.map(({ email }) => email)) : new Map()
    return {
      status: 200,
      body: { members: listed.map((member) => presentMember(member, statuses.get(member.email))) },
    }
  }),

  bind(api.addMember, async ({ caller, params: { accountId }, body }) => {
    await access.require(caller, accountId, ownerOrStaff)
    const added = await members.add({ accountId, ...body, addedAt: new Date().toISOString() })
    if (!added.ok) throw refuse(added.reason)
    return { status: added.replayed ? 200 : 201, body: presentMember(added.member) }
  }),

  bind(api.changeMember, async ({ caller, params: { accountId, email }, body }) => {
    await access.require(caller, accountId, ownerOrStaff)
    const changed = await members.change(accountId, email, body.role)
    if (!changed.ok) throw refuse(changed.reason)
    return { status: 200, body: presentMember(changed.member) }
  }),

  bind(api.removeMember, async ({ caller, params: { accountId, email } }) => {
    await access.require(caller, accountId, { ...ownerOrStaff, despiteTerms: true })
    const removed = await members.remove(accountId, email, { at: new Date().toISOString() })
    if (!removed.ok) throw refuse(removed.reason)
    return { status: 204 }
  }),
)
