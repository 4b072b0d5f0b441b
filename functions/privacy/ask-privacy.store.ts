import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { refuse } from '../accounts/refuse.ts'
import { Problem } from '../edge/problem.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import type { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import type { createStatusStore } from '../ledger/status.store.ts'
import { closeOwnAccount } from './close-account.store.ts'
import { findSubjects } from './find-subjects.store.ts'
import type { SendPrivacy } from './privacy-message.ts'
import { createPrivacyRequestStore } from './privacy-request.store.ts'
import { dueAt, type PrivacyKind, type PrivacyRequest, type Subject } from './privacy-request.ts'

export type Ask = {
  account: Account
  kind: PrivacyKind
  subject: Subject
  origin: PrivacyRequest['origin']
  askedBy: string
  replyTo: string
  note?: string
  receivedAt: string
  idempotencyKey: string
}

const MOST_ACCOUNTS = 1000
const PAGE_ACCOUNTS = 100

/** Takes privacy requests: written down first, then queued. One whose message never went is found within the hour. */
export function createPrivacyAsking(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  ledger: Pick<ReturnType<typeof createLedgerReader>, 'readHead'>
  statuses: Pick<ReturnType<typeof createStatusStore>, 'change'>
  send: SendPrivacy
}) {
  const accounts = createAccountStore(options)
  const requests = createPrivacyRequestStore(options)

  /** Throws the problem that says why nothing was begun. */
  async function ask(order: Ask, now: Date): Promise<PrivacyRequest> {
    const { account, kind, subject, origin, askedBy, replyTo, note, receivedAt, idempotencyKey } = order
    const { accountId } = account
    const requestId = idFromKey('prv', `${accountId}\n${askedBy}`, idempotencyKey)
    const known = await requests.read(accountId, requestId)
    if (!known && kind === 'erasure') await prepareErasure(account, subject, order, now)
    const accountIds = await accountsOf(accountId, subject)
    const subjectFound = await findSubjects(options, subject, accountIds)
    const request: PrivacyRequest = {
      ...{ requestId, accountId, kind, subject: subjectFound, origin, askedBy, replyTo, note, receivedAt },
      status: 'working',
      // Without the address: nothing of an erased person stays, and its hash says as much.
      requestHash: requestHash({ kind, subject: keptOf(subject), origin, note }),
      dueAt: dueAt(receivedAt, false),
      progress: { accountIds, place: 0n, step: 0n, counts: {} },
      revision: 1n,
    }
    const begun = await requests.begin(request)
    if (!begun.ok) throw refuseRequest(begun)
    if (begun.request.status !== 'done') await options.send([{ accountId, requestId }])
    return begun.request
  }

  /** An account has to be closed, and closes with this; a person must not leave an open account without an owner. */
  async function prepareErasure(account: Account, subject: Subject, order: Ask, now: Date): Promise<void> {
    const { accountId } = account
    if (subject.type === 'account') {
      const by = { at: now.toISOString(), actor: order.askedBy, reason: 'Closed to be erased' }
      await closeOwnAccount(options.statuses, account, by)
      return
    }
    for (const each of await accountsOf(accountId, subject)) {
      const members = await accounts.listMembers(each)
      const others = members.filter(({ role, email }) => role === 'owner' && email !== subject.email)
      const isOwner = members.some(({ role, email }) => role === 'owner' && email === subject.email)
      if (!isOwner || others.length > 0 || (await options.ledger.readHead(each))?.status === 'closed')
        continue
      const detail = `${refuse('last_owner').detail} Account ${each} would have no owner; or close it first.`
      throw new Problem('last_owner', detail, { extra: { accountId: each } })
    }
  }

  /** The accounts that a request goes through; everywhere is also where the person was a member once, as evidence stays there. */
  async function accountsOf(accountId: string, subject: Subject): Promise<string[]> {
    if (subject.type === 'account' || subject.scope === 'this_account' || subject.email === undefined)
      return [accountId]
    const all = new Set([accountId])
    let after: string | undefined
    do {
      const page = await accounts.listMemberships(subject.email, { limit: PAGE_ACCOUNTS, after })
      for (const membership of page) all.add(membership.accountId)
      after = page.length === PAGE_ACCOUNTS ? page.at(-1)!.accountId : undefined
    } while (after !== undefined && all.size < MOST_ACCOUNTS)
    for (const former of await accounts.listFormer(subject.email)) all.add(former)
    return [...all].sort()
  }

  return { ask }
}

function keptOf(subject: Subject) {
  if (subject.type === 'account') return { type: subject.type }
  return { type: subject.type, emailHash: subject.emailHash, scope: subject.scope }
}

function refuseRequest(
  refusal:
    | { reason: 'idempotency_key_reused' | 'busy' }
    | { reason: 'privacy_request_open'; requestId: string },
): Problem {
  if (refusal.reason !== 'privacy_request_open') return refuse(refusal.reason)
  const { requestId } = refusal
  return new Problem('privacy_request_open', `It is request ${requestId}.`, { extra: { requestId } })
}
