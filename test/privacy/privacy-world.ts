import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { unzipSync } from 'fflate'
import type { Account } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import type { BusEvent } from '../../functions/events/event.ts'
import { credit, debit } from '../../functions/ledger/decide-movement.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createNoticeStore } from '../../functions/notices/notice.store.ts'
import { createPrivacyAsking } from '../../functions/privacy/ask-privacy.store.ts'
import { createExportsBucket } from '../../functions/privacy/exports-bucket.client.ts'
import type { ExportsBucket } from '../../functions/privacy/exports-bucket.ts'
import type { TableName } from '../../functions/privacy/item-types.ts'
import type { PrivacyMessage } from '../../functions/privacy/privacy-message.ts'
import { createPrivacyRequestStore } from '../../functions/privacy/privacy-request.store.ts'
import type { PrivacyKind, PrivacyRequest, Subject } from '../../functions/privacy/privacy-request.ts'
import { subjectOfPerson } from '../../functions/privacy/read-subject.ts'
import { RETENTION_DAYS } from '../../functions/privacy/retention.ts'
import { createPrivacyWork, type WorkOptions } from '../../functions/privacy/work-on-request.store.ts'
import { startS3 } from '../../local/s3.ts'
import { startTestDatabase } from '../support/database.ts'
import { machineOn } from '../usage/numbered-account.ts'

export const NOW = '2026-11-23T12:00:00.000Z'
export const UNIT = 1_000_000n
/** So long after a worker died that another may go on. */
export const AFTER_LEASE = new Date(Date.parse(NOW) + 7 * 60_000)
export const CALLED = '14165550123'

export type World = Awaited<ReturnType<typeof startWorld>>

/** The database and a bucket of exports, with accounts that have a history, and a provider that notes whom it deleted. */
export async function startWorld() {
  const database = await startTestDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'drawdown-privacy-'))
  const s3 = await startS3({ folder, buckets: ['exports'], smallestPartBytes: 1 })
  const s3Client = new S3Client({
    endpoint: s3.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const bucket = createExportsBucket({ client: s3Client, bucket: 'exports', endpoint: s3.url })
  const { client } = database
  const ledger = createLedger(database)
  const statuses = createStatusStore(database)
  const members = createMemberStore(database)
  const requests = createPrivacyRequestStore(database)
  const notices = createNoticeStore(database)
  const events: BusEvent[] = []
  const sent: PrivacyMessage[] = []
  const deletedCustomers: string[] = []
  let opened = 0

  const options: WorkOptions = {
    ...database,
    exports: bucket,
    provider: async () => ({
      deleteCustomer: async (customerId) => {
        deletedCustomers.push(customerId)
        return { ok: true }
      },
    }),
    put: async (put) => void events.push(...put),
    portalUrl: 'https://portal.example.com',
    days: RETENTION_DAYS,
  }
  /** A worker, perhaps with a client that dies or parts that are small. */
  const workerWith = (more: Partial<WorkOptions> = {}) => createPrivacyWork({ ...options, ...more })
  const asking = createPrivacyAsking({
    ...database,
    ledger,
    statuses,
    send: async (messages) => void sent.push(...messages),
  })

  /** An account with an owner and, of each, as many usage events as asked for, all of them used up in the end. */
  async function open({ plain = 0, numbered = 0, credits = 0n } = {}): Promise<Account> {
    opened += 1
    const accountId = `acc_privacy${String(opened).padStart(5, '0')}`
    const account: Account = {
      ...{ accountId, name: `Marker Name ${opened}`, clientType: 'hosted', currency: 'USD', timeZone: 'UTC' },
      ...{ lowCreditThresholdMicros: 0n, createdAt: new Date(Date.parse(NOW) + opened).toISOString() },
    }
    const ledgerOpening = ledger.openingOf(accountId, 'USD')
    await openAccount(database, { account, ownerEmail: ownerOf(account), requestHash: 'x', ledgerOpening })
    const total = BigInt(plain + numbered) + credits
    if (total > 0n) await give(accountId, total * UNIT)
    await use(accountId, { plain, numbered })
    return account
  }

  async function use(accountId: string, { plain = 0, numbered = 0, from = 1, at = NOW } = {}): Promise<void> {
    const { usage } = machineOn(database)
    const event = (id: string) => ({
      ...{ source: `/switch/${accountId}`, id, accountId, service: 'sms', at, quantity: 1 },
      attributes: { destination: CALLED },
    })
    const plainEvents = Array.from({ length: plain }, (_, index) => event(`plain-${from + index}`))
    if (plain > 0) await usage.begin(at).deduct(accountId, plainEvents)
    const numberedEvents = Array.from({ length: numbered }, (_, index) => ({
      ...event(`numbered-${from + index}`),
      source: `/numbering/${accountId}`,
      number: from + index,
    }))
    if (numbered > 0) await usage.begin(at).deduct(accountId, numberedEvents)
  }

  function give(accountId: string, amountMicros: bigint) {
    const movement = { currency: 'USD', reason: 'test', actor: 'machine:test', detail: {}, amountMicros }
    const raise = { ...movement, kind: 'top_up' as const, contra: 'cash:stripe' as const }
    return ledger.post({
      accountId,
      key: `give:${accountId}`,
      at: NOW,
      decide: (head) => credit(head, raise),
    })
  }

  function charge(accountId: string, key: string) {
    const movement = { currency: 'USD', reason: 'test', actor: 'machine:test', detail: {} }
    const taken = {
      ...movement,
      amountMicros: UNIT,
      kind: 'charge' as const,
      contra: 'revenue:charge' as const,
    }
    return ledger.post({ accountId, key, at: NOW, decide: (head) => debit(head, taken) })
  }

  /** Evidence of an answer to terms, as it is written. */
  async function accept(accountId: string, email: string): Promise<void> {
    const Item = {
      ...{ pk: `ACCOUNT#${accountId}`, sk: `ACCEPTANCE#terms#1#${subOf(email)}` },
      ...{ accountId, document: 'terms', version: '1', decision: 'accepted', at: NOW, pressed: 'I accept' },
      ...{ subject: subOf(email), email, sourceIp: '192.0.2.7', userAgent: 'Marker Browser 7' },
    }
    await client.send(new PutCommand({ TableName: database.documentsTable, Item }))
  }

  async function notify(accountId: string, email: string, noticeId = 'event-1', at = NOW): Promise<void> {
    const notice = { accountId, noticeId, recipient: email }
    await notices.claim(notice, new Date(at))
    await notices.finish(notice, { state: 'sent', note: 'message-1', at })
  }

  async function ask(
    account: Account,
    kind: PrivacyKind,
    subject: Subject = { type: 'account' },
    more: { idempotencyKey?: string; replyTo?: string } = {},
  ): Promise<PrivacyRequest> {
    const order = {
      ...{ account, kind, subject, origin: 'client' as const, askedBy: 'person:asker', receivedAt: NOW },
      ...{ replyTo: ownerOf(account), idempotencyKey: 'key-1', ...more },
    }
    return asking.ask(order, new Date(NOW))
  }

  /** The archive's files by name. */
  async function fetchArchive({ accountId, requestId }: PrivacyRequest): Promise<Record<string, string>> {
    const request = (await requests.read(accountId, requestId))!
    const link = await bucket.linkTo(request.export!.key, {
      at: new Date(NOW),
      seconds: 60,
      fileName: 'x.zip',
    })
    const files = unzipSync(new Uint8Array(await (await fetch(link)).arrayBuffer()))
    return Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
    )
  }

  /** Every item of every table. */
  async function allItems(): Promise<{ table: TableName; item: Record<string, unknown> }[]> {
    const found: { table: TableName; item: Record<string, unknown> }[] = []
    for (const table of ['ledger', 'usage', 'waiting', 'documents', 'payments'] as const) {
      const TableName = database[`${table}Table`]
      let ExclusiveStartKey: Record<string, unknown> | undefined
      do {
        const page = await client.send(
          new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey }),
        )
        found.push(...(page.Items ?? []).map((item) => ({ table, item })))
        ExclusiveStartKey = page.LastEvaluatedKey
      } while (ExclusiveStartKey)
    }
    return found
  }

  /** What of the books does not agree. */
  async function faultsOf(accountId: string): Promise<string[]> {
    const { head, lots } = (await ledger.readLots(accountId))!
    const entries = await ledger.listEntries(accountId, { limit: 10_000, ascending: true })
    return proveAccount(head, entries, lots)
  }

  /** What stands in the bucket of a request. */
  async function filesOf({ accountId, requestId }: PrivacyRequest): Promise<string[]> {
    const Prefix = `exports/${accountId}/${requestId}`
    const { Contents = [] } = await s3Client.send(new ListObjectsV2Command({ Bucket: 'exports', Prefix }))
    return Contents.map(({ Key }) => Key!.slice(Prefix.length))
  }

  async function stop(): Promise<void> {
    await Promise.all([database.stop(), s3.close()])
    rmSync(folder, { recursive: true, force: true })
  }

  return {
    ...{ database, client, ledger, statuses, members, requests, notices, events, sent, bucket },
    ...{ deletedCustomers, options, workerWith, open, use, give, charge, accept, notify, ask },
    ...{ asking, filesOf, fetchArchive, allItems, faultsOf, stop },
  }
}

export const ownerOf = ({ accountId }: Pick<Account, 'accountId'>) =>
  `owner@${accountId.slice(4)}.example.com`

/** The subject of a person's sign-in, which says nothing of the address. */
const subOf = (email: string) => `sub-${Buffer.from(email).toString('hex')}`

export const person = (email: string, scope: 'this_account' | 'all_accounts' = 'this_account') =>
  subjectOfPerson(email, scope, [subOf(email)])

/** A bucket that a worker dies at: before or after its nth call. */
export function dyingBucket(
  bucket: ExportsBucket,
  dies: { atCall: number; when: 'before' | 'after' },
): ExportsBucket {
  let calls = 0
  return new Proxy(bucket, {
    get(target, name) {
      const call = Reflect.get(target, name) as (...given: unknown[]) => Promise<unknown>
      return async (...given: unknown[]) => {
        calls += 1
        const isFatal = calls === dies.atCall
        if (isFatal && dies.when === 'before') throw new Error('died')
        const reply = await call(...given)
        if (isFatal) throw new Error('died')
        return reply
      }
    },
  })
}
