import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { type Account, MEMBER_ROLES } from '../accounts/account.ts'
import { presentAccountInFull } from '../accounts/present-account.ts'
import type { Caller } from '../edge/caller.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { money } from '../ledger/money.ts'
import { createStatusStore } from '../ledger/status.store.ts'
import { createPrivacyAsking } from './ask-privacy.store.ts'
import { closeOwnAccount, stateRemaining } from './close-account.store.ts'
import { createExportsBucket } from './exports-bucket.client.ts'
import { requireFreshSignIn } from './fresh-sign-in.ts'
import { presentForStaff, presentRequest } from './present-request.ts'
import * as api from './privacy.api.ts'
import { createPrivacyRequestStore } from './privacy-request.store.ts'
import { concernsPerson, dueAt, type PrivacyRequest } from './privacy-request.ts'
import { readSubject, subjectOfPerson } from './read-subject.ts'

const names = environment('LEDGER_TABLE', 'DOCUMENTS_TABLE', 'EXPORTS_BUCKET', 'PRIVACY_QUEUE_URL')
const client = documentClient()
const documents = { client, documentsTable: names.DOCUMENTS_TABLE }
const accounts = createAccountStore(documents)
const access = createAccess(documents)
const ledger = createLedgerReader({ client, ledgerTable: names.LEDGER_TABLE })
const statuses = createStatusStore({ client, ledgerTable: names.LEDGER_TABLE })
const requests = createPrivacyRequestStore(documents)
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: names.PRIVACY_QUEUE_URL })
const asking = createPrivacyAsking({ ...documents, ledger, statuses, send: queue.send })
const exports = createExportsBucket({
  client: new S3Client({}),
  bucket: names.EXPORTS_BUCKET,
  endpoint: process.env.AWS_ENDPOINT_URL_S3,
})

/** An address to fetch an export from holds for so long. */
const LINK_SECONDS = 300

// Rights that nobody has to agree to terms for.
const despiteTerms = true as const
const anyMember = { roles: MEMBER_ROLES, despiteTerms }
const anyMemberOrStaff = { roles: MEMBER_ROLES, staff: true, despiteTerms }
const owner = { roles: ['owner'] as const, despiteTerms }
const positionSchema = z.strictObject({ after: z.string().max(200) })

/** An owner sees all of an account, everybody what concerns them, staff everything. */
async function readVisible(caller: Caller, accountId: string): Promise<(request: PrivacyRequest) => boolean> {
  const { member } = await access.read(caller, accountId, anyMemberOrStaff)
  if (!member || member.role === 'owner') return () => true
  return ({ subject }) => concernsPerson(subject, caller.email)
}

async function readOwn(caller: Caller, accountId: string, requestId: string): Promise<PrivacyRequest> {
  const isVisible = await readVisible(caller, accountId)
  const request = await requests.read(accountId, requestId)
  if (!request || !isVisible(request))
    throw new Problem('privacy_request_not_found', `You have no privacy request ${requestId}.`)
  return request
}

/** As this caller may see it. */
const presentTo =
  ({ kind, email }: Caller) =>
  (request: PrivacyRequest) =>
    presentRequest(request, { toAll: kind === 'staff' || concernsPerson(request.subject, email) })

async function readForStaff(accountId: string): Promise<Account> {
  const account = await accounts.read(accountId)
  if (!account) throw new Problem('account_not_found', `There is no account ${accountId}.`)
  return account
}

export const handler = httpHandler(
  bind(api.askPrivacy, async ({ caller, params: { accountId }, body, idempotencyKey }) => {
    const { account, member } = await access.read(caller, accountId, anyMember)
    const now = new Date()
    requireFreshSignIn(caller, now)
    const subject = readSubject(body.subject, caller, member!)
    const order = {
      ...{ account, kind: body.kind, subject, origin: 'client' as const, askedBy: caller.actor },
      ...{ replyTo: caller.email!, receivedAt: now.toISOString(), idempotencyKey },
    }
    return { status: 202, body: presentTo(caller)(await asking.ask(order, now)) }
  }),

  bind(api.listPrivacyRequests, async ({ caller, params: { accountId } }) => {
    const isVisible = await readVisible(caller, accountId)
    const visible = (await requests.list(accountId)).filter(isVisible)
    return { status: 200, body: { requests: visible.map(presentTo(caller)) } }
  }),

  bind(api.readPrivacyRequest, async ({ caller, params }) => {
    const request = await readOwn(caller, params.accountId, params.requestId)
    return { status: 200, body: presentTo(caller)(request) }
  }),

  bind(api.fetchExport, async ({ caller, params }) => {
    const request = await readOwn(caller, params.accountId, params.requestId)
    const now = new Date()
    requireFreshSignIn(caller, now)
    const isOwn = concernsPerson(request.subject, caller.email)
    // What is held on a person in other accounts too is for that person alone; staff hand over what came by letter.
    const isForOwnerToo = request.subject.type === 'account' || request.subject.scope === 'this_account'
    const isAllowed = caller.kind === 'staff' ? request.origin === 'staff' : isOwn || isForOwnerToo
    if (!isAllowed)
      throw new Problem('role_not_allowed', 'This export is for the person alone whom it is about.')
    const file = request.export
    if (!file || file.expiresAt <= now.toISOString())
      throw new Problem(
        'export_not_ready',
        file ? 'It was deleted: ask for it again.' : 'It is not done yet.',
      )
    const url = await exports.linkTo(file.key, {
      at: now,
      seconds: LINK_SECONDS,
      fileName: `${request.requestId}.zip`,
    })
    await requests.note(request, { at: now.toISOString(), what: 'fetched', by: caller.actor })
    const expiresAt = new Date(now.getTime() + LINK_SECONDS * 1000).toISOString()
    return { status: 200, body: { url, expiresAt } }
  }),

  bind(api.closeAccount, async ({ caller, params: { accountId }, body }) => {
    const { account } = await access.read(caller, accountId, owner)
    const now = new Date()
    requireFreshSignIn(caller, now)
    const reason = body.reason ?? 'Closed by its owner'
    const head = await closeOwnAccount(statuses, account, {
      at: now.toISOString(),
      actor: caller.actor,
      reason,
    })
    const inCurrency = (amountMicros: bigint) => money(amountMicros, account.currency)
    const remaining = {
      available: inCurrency(head.availableMicros),
      held: inCurrency(head.heldMicros),
      owed: inCurrency(head.receivableMicros),
    }
    const shown = presentAccountInFull(account, head.status, undefined)
    return { status: 200, body: { ...shown, remaining, statement: stateRemaining(head) } }
  }),

  bind(api.listAllPrivacyRequests, async ({ query: { status, limit, cursor } }) => {
    const after = readCursor(positionSchema, cursor)?.after
    const page = await requests.listAll(status === 'done', { limit, after })
    const nextCursor = page.next === undefined ? undefined : writeCursor({ after: page.next })
    return { status: 200, body: { requests: page.requests.map(presentForStaff), nextCursor } }
  }),

  bind(api.startPrivacyRequest, async ({ caller, body, idempotencyKey }) => {
    const account = await readForStaff(body.accountId)
    const now = new Date()
    if (body.receivedAt > now.toISOString()) throw invalidField('receivedAt', 'must not be in the future')
    const { kind, replyTo, note, receivedAt } = body
    const subject =
      body.subject.type === 'account'
        ? body.subject
        : subjectOfPerson(body.subject.email, body.subject.scope, [])
    const order = { account, kind, subject, origin: 'staff' as const, askedBy: caller.actor, replyTo, note }
    const request = await asking.ask({ ...order, receivedAt, idempotencyKey }, now)
    return { status: 202, body: presentForStaff(request) }
  }),

  bind(api.extendPrivacyRequest, async ({ caller, params: { accountId, requestId }, body: { reason } }) => {
    const request = await requests.read(accountId, requestId)
    if (!request) throw new Problem('privacy_request_not_found', `There is no privacy request ${requestId}.`)
    // Once: a second time, or of one that is done, it is answered as it is.
    if (request.extension || request.status === 'done') return { status: 200, body: presentForStaff(request) }
    const at = new Date().toISOString()
    const extension = { reason, at, by: caller.actor }
    const { deadlineToldAt: _, ...rest } = request
    const next = { ...rest, extension, dueAt: dueAt(request.receivedAt, true) }
    const extended = await requests.replace(request, next, {
      at,
      what: 'extended',
      by: caller.actor,
      detail: reason,
    })
    if (!extended) throw new Problem('changed_meanwhile', 'It is being worked on: send the same again.')
    return { status: 200, body: presentForStaff(extended) }
  }),
)
