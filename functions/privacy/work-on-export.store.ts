import { randomUUID } from 'node:crypto'
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { personIdOf, personKey } from '../consents/person-key.ts'
import { daysLater } from '../edge/instant.ts'
import { log } from '../edge/log.ts'
import type { Entry } from '../ledger/entry.ts'
import { createUsageStore } from '../usage/usage.store.ts'
import { readUsageDetail, unpackUsageEvents } from '../usage/usage-entry.ts'
import { type Archive, type ArchiveWriter, writeArchive } from './archive-writer.ts'
import { describeExport } from './describe-export.ts'
import { type ExportsBucket, fileKey, SMALLEST_PART_BYTES, type UploadedPart } from './exports-bucket.ts'
import { isAbout, type Person, subjectsIn } from './is-about.ts'
import { type TableName, typeOfItem } from './item-types.ts'
import { type ExportRow, presentItem, presentMarker, presentPacked } from './present-item.ts'
import { EXPORT_DAYS } from './privacy.routes.ts'
import type { ExportFile, PrivacyRequest } from './privacy-request.ts'
import type { PrivacyTables } from './privacy-tables.ts'

export type ExportOptions = PrivacyTables & {
  client: DynamoDBDocumentClient
  exports: ExportsBucket
  /** Rows are zipped when they have come to so much text; small in tests. */
  groupBytes?: number
  /** A part is sent when it has come to so much; S3 takes none under 5 MiB but the last. */
  partBytes?: number
  pageItems?: number
  /** After so many pages how far it came is kept, also where they came to no part. */
  mostPages?: number
}

/** What of an archive is at the bucket, and where its reading goes on: all that another process needs. */
type ExportState = Archive & {
  uploadId: string
  parts: UploadedPart[]
  /** Which account, which of its partitions, and the key behind which it goes on there. */
  account: number
  source: number
  startKey?: Record<string, unknown>
  subjects: string[]
}

export type ExportStep = { done: true; file: ExportFile } | { done: false; cursor: string | undefined }

/** Where an account's data is: each a partition. */
const SOURCES: readonly { table: TableName; pk: (accountId: string) => string }[] = [
  { table: 'documents', pk: (accountId) => `ACCOUNT#${accountId}` },
  { table: 'payments', pk: (accountId) => `ACCOUNT#${accountId}` },
  { table: 'waiting', pk: (accountId) => `ACCOUNT#${accountId}` },
  { table: 'usage', pk: (accountId) => `SOURCES#${accountId}` },
  { table: 'ledger', pk: (accountId) => `ACCOUNT#${accountId}` },
]

/** What hangs on a person and on no account; read once, before the first account, of who asks for all of theirs. */
const PERSON_SOURCE = { table: 'documents' as TableName, pk: personKey }

const GROUP_BYTES = 8 * 1024 * 1024
const PAGE_ITEMS = 200
/** Some seconds of reading: of a long history little may be about one person. */
const MOST_PAGES = 300

/**
 * Writes an archive part by part. Memory holds one group of rows and one part, however large the ledger is; after each part
 * the state is a file, and the request names it: whoever dies leaves at most one part to be written again. The archive is
 * there only when it is complete.
 */
export function createExporting(options: ExportOptions) {
  const {
    client,
    exports,
    groupBytes = GROUP_BYTES,
    partBytes = SMALLEST_PART_BYTES,
    mostPages = MOST_PAGES,
  } = options
  const usage = createUsageStore(options)
  const tables: Record<TableName, string> = {
    ledger: options.ledgerTable,
    usage: options.usageTable,
    waiting: options.waitingTable,
    documents: options.documentsTable,
    payments: options.paymentsTable,
  }

  /** Writes the next part, or the last one and with it the archive. */
  async function step(request: PrivacyRequest, now: string): Promise<ExportStep> {
    const { accountIds, cursor } = request.progress
    const state: ExportState = cursor === undefined ? await begin(request) : await goOn(cursor)
    const writer = writeArchive(state, groupBytes)
    if (cursor === undefined) writer.addFile('README.txt', describeExport(request, now))
    for (let pages = 0; state.account < accountIds.length; pages++) {
      if (writer.zippedBytes() >= partBytes)
        return { done: false, cursor: await sendPart(request, state, writer) }
      if (pages === mostPages) return { done: false, cursor: await keepForLater(request, state, writer) }
      await writePage(request, state, writer)
    }
    return finish(request, state, writer, now)
  }

  async function goOn(cursor: string): Promise<ExportState> {
    const text = await exports.readText(cursor)
    if (text === undefined) throw new Error(`${cursor}: how far this export came is not there any more`)
    return JSON.parse(text)
  }

  /** The next items of the account that it is at. */
  async function writePage(
    request: PrivacyRequest,
    state: ExportState,
    writer: ArchiveWriter,
  ): Promise<void> {
    const accountId = request.progress.accountIds[state.account]!
    const page = await readPage(accountId, state, personOf(request, state))
    for (const { file, rows } of page.found) writer.addRows(`${accountId}/${file}`, rows)
    moveOn(state, page.next)
  }

  async function finish(
    request: PrivacyRequest,
    state: ExportState,
    writer: ArchiveWriter,
    now: string,
  ): Promise<ExportStep> {
    const key = fileKey(request)
    const isThere = (await addPart(state, key, writer.takeLast()))
      ? await exports.complete(key, state.uploadId, state.parts)
      : // Who came here before has died behind it.
        (await exports.sizeOf(key)) !== undefined
    if (!isThere) {
      log.warn('an archive is begun anew: its parts are not what was noted', { requestId: request.requestId })
      return { done: false, cursor: undefined }
    }
    const sizeBytes = BigInt((await exports.sizeOf(key)) ?? 0)
    const file = { key, sizeBytes, files: BigInt(state.files.length), readyAt: now }
    return { done: true, file: { ...file, expiresAt: daysLater(now, EXPORT_DAYS) } }
  }

  async function begin(request: PrivacyRequest): Promise<ExportState> {
    const { subject } = request
    const uploadId = await exports.begin(fileKey(request))
    const subjects = subject.type === 'person' ? subject.subjects : []
    return {
      uploadId,
      parts: [],
      files: [],
      offset: 0,
      account: 0,
      // What hangs on a person is for that person alone; within an account its owner may ask for anybody.
      source: subject.type === 'person' && subject.scope === 'all_accounts' ? -1 : 0,
      counts: {},
      subjects,
    }
  }

  async function addPart(state: ExportState, key: string, body: Buffer): Promise<boolean> {
    const part = await exports.addPart(key, state.uploadId, state.parts.length + 1, body)
    if (part) state.parts.push(part)
    return part !== undefined
  }

  /** A part is sent, then the state behind it kept; it counts once the request names it. */
  async function sendPart(
    request: PrivacyRequest,
    state: ExportState,
    writer: ArchiveWriter,
  ): Promise<string | undefined> {
    const key = fileKey(request)
    if (!(await addPart(state, key, writer.take()))) return undefined
    log.info('a part of an export is written', { requestId: request.requestId, part: state.parts.length })
    return keepState(state, key)
  }

  /** It came to no part yet: what there is of it is kept with the state. */
  async function keepForLater(
    request: PrivacyRequest,
    state: ExportState,
    writer: ArchiveWriter,
  ): Promise<string> {
    state.pending = writer.take().toString('base64')
    return keepState(state, fileKey(request))
  }

  async function keepState(state: ExportState, key: string): Promise<string> {
    const stateKey = `${key}.${state.parts.length}.${randomUUID()}.json`
    await exports.putText(stateKey, JSON.stringify(state))
    return stateKey
  }

  async function readPage(accountId: string, state: ExportState, person: Person | undefined) {
    // Before an account's own partitions: `-1` is the person's.
    const isPersons = state.source < 0
    const { table, pk } = isPersons ? PERSON_SOURCE : SOURCES[state.source]!
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: tables[table],
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk(isPersons && person ? personIdOf(person.email) : accountId) },
        ConsistentRead: true,
        Limit: options.pageItems ?? PAGE_ITEMS,
        ExclusiveStartKey: state.startKey,
      }),
    )
    const found: { file: string; rows: ExportRow[] }[] = []
    for (const item of Items) {
      if (person) {
        const subjects = new Set([...state.subjects, ...subjectsIn(item, person.email)])
        state.subjects = [...subjects]
        if (!isPersons && !isAbout(item, { ...person, subjects: state.subjects })) continue
      }
      const presented = presentItem(table, item)
      if (presented) found.push(presented)
      if (!person && typeOfItem(table, item)?.name === 'ENTRY' && item.kind === 'usage')
        found.push({ file: 'usage', rows: await readUses(item as unknown as Entry) })
    }
    return { found, next: LastEvaluatedKey }
  }

  async function readUses(entry: Entry): Promise<ExportRow[]> {
    const markers = await usage.readMany(unpackUsageEvents(readUsageDetail(entry.detail)))
    return [...presentPacked(entry), ...markers.map(presentMarker)]
  }

  return { step }
}

function moveOn(state: ExportState, next: Record<string, unknown> | undefined): void {
  state.startKey = next
  if (next) return
  state.source += 1
  if (state.source < SOURCES.length) return
  state.source = 0
  state.account += 1
}

function personOf({ subject }: PrivacyRequest, { subjects }: ExportState): Person | undefined {
  if (subject.type === 'account' || subject.email === undefined) return undefined
  return { email: subject.email, emailHash: subject.emailHash, subjects }
}
