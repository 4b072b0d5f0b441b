import { isDeepStrictEqual } from 'node:util'
import { type DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import { accountKey, PROFILE } from '../accounts/account-keys.ts'
import { createMemberStore } from '../accounts/member.store.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { withoutCustomer } from '../cards/cards.ts'
import { deleteEach } from '../edge/delete-each.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import type { PaymentProvider } from '../top-up/payment-provider.ts'
import { createPersonErasure } from './erase-person.store.ts'
import { createUsageErasure } from './erase-usage.store.ts'
import { ERASED } from './erased.ts'
import type { ErasureStep } from './erasure-step.ts'
import { type ExportsBucket, removeExport } from './exports-bucket.ts'
import { createPrivacyRequestStore } from './privacy-request.store.ts'
import type { PrivacyRequest, Subject } from './privacy-request.ts'
import type { PrivacyTables } from './privacy-tables.ts'

export type ErasureOptions = PrivacyTables & {
  client: DynamoDBDocumentClient
  exports: Pick<ExportsBucket, 'readText' | 'abort' | 'removeAll'>
  provider: () => Promise<Pick<PaymentProvider, 'deleteCustomer'>>
  pageEntries?: number
}

const ERASED_NAME = 'Erased account'
/** Later than every instant. */
const ANY_TIME = '9999-12-31T23:59:59.999Z'
const PAGE_NOTICES = 100

/**
 * The steps of an erasure, each for one account. All of them may be done again, in part or whole, by whoever goes on after a
 * death; none needs what another has erased before it, but for the address itself, which goes last.
 */
export function createErasureSteps(options: ErasureOptions) {
  const { client, documentsTable, paymentsTable } = options
  const accounts = createAccountStore(options)
  const members = createMemberStore(options)
  const ledger = createLedgerReader(options)
  const cards = createCardStore(options)
  const requests = createPrivacyRequestStore(options)
  const usage = createUsageErasure(options)
  const person = createPersonErasure(options)

  /** An account is erased when it is closed, and nothing moves on it any more. */
  const closed: ErasureStep = {
    name: 'closed',
    async run({ accountId }) {
      const head = await ledger.readHead(accountId)
      if (head?.status === 'closed') return {}
      return { blockedBy: 'The account is open again: close it, and the erasure goes on.' }
    },
  }

  /** Of an account that is open again nothing goes: people live there. Nor is late data of before looked for. */
  function whileClosed({ name, run }: ErasureStep): ErasureStep {
    return {
      name,
      async run(input) {
        const { blockedBy } = await closed.run(input)
        if (blockedBy === undefined) return run(input)
        return input.request.status === 'done' ? {} : { blockedBy }
      },
    }
  }

  /** The person leaves. The only owner of an account that is open cannot: somebody has to be there for it. */
  const member: ErasureStep = {
    name: 'members',
    async run({ accountId, request, at }) {
      const email = addressOf(request.subject)
      if (email === undefined) return {}
      const removed = await members.remove(accountId, email, { at })
      if (removed.ok) return { count: 1n }
      if (removed.reason === 'member_not_found') return {}
      if (removed.reason === 'busy') throw new Error(`account ${accountId}: too busy to remove a member`)
      if ((await ledger.readHead(accountId))?.status === 'closed') {
        await removeMember(accountId, email, at)
        return { count: 1n }
      }
      const whose = `the only owner of account ${accountId}`
      return { blockedBy: `The person is ${whose}: make somebody else an owner, or close the account.` }
    },
  }

  /** Nobody is left of a closed account. */
  const allMembers: ErasureStep = {
    name: 'members',
    async run({ accountId, at }) {
      const all = await accounts.listMembers(accountId)
      for (const { email } of all) await removeMember(accountId, email, at)
      return { count: BigInt(all.length) }
    },
  }

  async function removeMember(accountId: string, email: string, at: string): Promise<void> {
    const removed = await members.remove(accountId, email, { at, evenLastOwner: true })
    if (!removed.ok && removed.reason !== 'member_not_found')
      throw new Error(`account ${accountId}: a member could not be removed (${removed.reason})`)
  }

  /** That notices were sent: to the person alone, or of the whole account. */
  const notices: ErasureStep = {
    name: 'notices',
    async run({ accountId, request: { subject }, cursor }) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: documentsTable,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': 'NOTICE#' },
          ProjectionExpression: 'pk, sk',
          Limit: PAGE_NOTICES,
          ConsistentRead: true,
          ExclusiveStartKey: cursor === undefined ? undefined : { pk: accountKey(accountId), sk: cursor },
        }),
      )
      const isMeant = (sk: string) => subject.type === 'account' || sk.endsWith(`#${subject.emailHash}`)
      const meant = Items.filter(({ sk }) => isMeant(String(sk)))
      const count = await deleteEach(client, documentsTable, meant)
      return { count, cursor: LastEvaluatedKey && String(LastEvaluatedKey.sk) }
    },
  }

  /** Evidence of what was agreed to stays, without the browser: who, what, when and from where is what proves it. */
  const evidence: ErasureStep = {
    name: 'evidence',
    async run({ accountId, request: { subject } }) {
      const Items = await queryAll(client, {
        TableName: documentsTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': 'ACCEPTANCE#' },
        ConsistentRead: true,
      })
      const own = Items.filter((item) => isOf(subject, item))
      const open = own.filter(({ userAgent }) => userAgent !== ERASED)
      for (const { pk, sk } of open)
        await update({
          TableName: documentsTable,
          Key: { pk, sk },
          UpdateExpression: 'SET userAgent = :erased',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':erased': ERASED },
        })
      return { count: BigInt(open.length) + (await mandate(accountId, subject)) }
    },
  }

  /** Who agreed to automatic charges; the document is replaced on its revision by others, so that it counts this write too. */
  async function mandate(accountId: string, subject: Subject): Promise<bigint> {
    const Key = { pk: accountKey(accountId), sk: 'AUTO_TOP_UP' }
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    const consent = Item?.consent as { email?: string; actor?: string; userAgent?: string } | undefined
    if (!consent?.userAgent || consent.userAgent === ERASED) return 0n
    if (!isOf(subject, { email: consent.email, subject: consent.actor?.replace(/^person:/, '') })) return 0n
    const isErased = await update({
      TableName: paymentsTable,
      Key,
      UpdateExpression: 'SET consent.userAgent = :erased, revision = :next',
      ConditionExpression: 'revision = :read',
      ExpressionAttributeValues: {
        ...{ ':erased': ERASED, ':read': Item!.revision, ':next': (Item!.revision as bigint) + 1n },
      },
    })
    if (!isErased) throw new Error(`account ${accountId}: its automatic top-up was changed meanwhile`)
    return 1n
  }

  /** Earlier requests of the same subject forget addresses and notes, and their archives go. */
  const earlierRequests: ErasureStep = {
    name: 'requests',
    async run({ accountId, request: own, at }) {
      let count = 0n
      for (const request of await requests.list(accountId)) {
        if (request.requestId === own.requestId || !isSameSubject(own.subject, request.subject)) continue
        // An erasure that is under way ends by itself; an export must not bring back what goes here, so it ends now.
        if (request.status !== 'done' && request.kind === 'erasure') continue
        if (request.kind === 'export') await removeExport(options.exports, request)
        const { export: _, note: __, replyTo: ___, ...rest } = request
        const subject = withoutAddress(request.subject)
        const next = { ...rest, subject, status: 'done' as const, finishedAt: request.finishedAt ?? at }
        if (isDeepStrictEqual(next, request)) continue
        if (!(await requests.replace(request, next)))
          throw new Error(`privacy request ${request.requestId} was changed meanwhile`)
        count += 1n
      }
      return { count }
    },
  }

  /** The provider deletes the customer with its cards; what it keeps of payments is its own duty. */
  const customer: ErasureStep = {
    name: 'customer',
    async run({ accountId, at }) {
      const { customerId, cards: kept } = await cards.read(accountId)
      if (customerId === undefined) return {}
      const deleted = await (await options.provider()).deleteCustomer(customerId)
      if (!deleted.ok) throw new Error(`account ${accountId}: the payment provider did not answer`)
      await cards.change(accountId, at, (before) => withoutCustomer(before, customerId))
      return { count: BigInt(kept.length) }
    },
  }

  /** What uses said: all of it, whatever its age. */
  const usageDetails: ErasureStep = {
    name: 'usage',
    async run({ accountId, at, cursor }) {
      const page = await usage.erasePage(accountId, BigInt(cursor ?? 0), ANY_TIME, at)
      return { count: page.erased, cursor: page.isAtEnd ? undefined : page.through.toString() }
    },
  }

  const usageThatWaits: ErasureStep = {
    name: 'usage',
    async run({ accountId }) {
      const { erased, isAtEnd } = await usage.eraseWaiting(accountId)
      return { count: erased, cursor: isAtEnd ? undefined : 'more' }
    },
  }

  /** The account's name; from here on all that still comes for it is erased by the day. */
  const profile: ErasureStep = {
    name: 'profile',
    async run({ accountId, at }) {
      const isErased = await update({
        TableName: documentsTable,
        Key: { pk: accountKey(accountId), sk: PROFILE },
        UpdateExpression: 'SET #name = :name, #opened.#name = :name, openedBy = :erased, erasedAt = :at',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(erasedAt)',
        ExpressionAttributeNames: { '#name': 'name', '#opened': 'opened' },
        ExpressionAttributeValues: { ':name': ERASED_NAME, ':erased': ERASED, ':at': at },
      })
      return { count: isErased ? 1n : 0n }
    },
  }

  function update(command: ConstructorParameters<typeof UpdateCommand>[0]): Promise<boolean> {
    return conditionHeld(client.send(new UpdateCommand(command)))
  }

  const ofPerson = [
    ...[member, notices, evidence, earlierRequests],
    ...[person.consents, person.notices, person.announcements],
  ]
  const ofAccount = [
    ...[closed, customer, allMembers, notices, evidence, earlierRequests],
    ...[usageDetails, usageThatWaits, profile],
  ].map(whileClosed)
  /** What may have come while or after it was erased: by then no queue holds anything of before. */
  const sweepOfAccount = [allMembers, notices, usageDetails, usageThatWaits].map(whileClosed)

  /** The steps of a request: at first, or when late data is looked for. */
  function stepsOf({ subject, status }: PrivacyRequest): readonly ErasureStep[] {
    const isSweep = status === 'done'
    if (subject.type === 'account') return isSweep ? sweepOfAccount : ofAccount
    return isSweep ? [notices, person.lateSignUps] : ofPerson
  }

  return { stepsOf }
}

function addressOf(subject: Subject): string | undefined {
  return subject.type === 'person' ? subject.email : undefined
}

export function withoutAddress(subject: Subject): Subject {
  if (subject.type === 'account') return subject
  const { email: _, ...rest } = subject
  return rest
}

/** By the address or by the sign-in: a person may have had another address when it was written. */
function isOf(whose: Subject, { email, subject }: { email?: unknown; subject?: unknown }): boolean {
  if (whose.type === 'account') return true
  return (email !== undefined && email === whose.email) || whose.subjects.includes(String(subject))
}

function isSameSubject(erased: Subject, other: Subject): boolean {
  if (erased.type === 'account') return true
  return other.type === 'person' && other.emailHash === erased.emailHash
}
