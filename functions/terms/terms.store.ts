import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { CLIENT_TYPES, type ClientType } from '../accounts/account.ts'
import { Problem } from '../edge/problem.ts'
import { queryAll } from '../edge/query-all.ts'
import { asRead } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { type Telling, tellingsOf } from './telling.ts'
import { type DocumentKind, type TermsVersion, USUAL_GRACE_DAYS } from './terms.ts'
import { ALL_TERMS, LATEST, TELLINGS, tellingKey, termsKey, versionKey } from './terms-keys.ts'

export type TermsStore = ReturnType<typeof createTermsStore>
export type TermsDraft = Omit<TermsVersion, 'number'>

export type Published =
  | { ok: true; version: TermsVersion; replayed: boolean }
  | { ok: false; reason: 'terms_version_exists' | 'busy' }
  /** All versions of a document are of one kind. */
  | { ok: false; reason: 'terms_kind_differs'; kind: DocumentKind }

/** A document's newest version, and by client type the newest that concerns it: what an acceptance is checked against. */
type Latest = { number: bigint; kind: DocumentKind; latest: Partial<Record<ClientType, string>> }

const NUMBER_DIGITS = 6
const TRIES = 8

/** The published versions of the documents that clients agree to. */
export function createTermsStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /** One version as it was published, or undefined. */
  async function readVersion(document: string, version: string): Promise<TermsVersion | undefined> {
    const item = await read(termsKey(document), versionKey(version))
    return item && toVersion(item)
  }

  /** As `readVersion`; throws `terms_not_found` where there is none. */
  async function requireVersion(document: string, version: string): Promise<TermsVersion> {
    const found = await readVersion(document, version)
    if (!found) throw new Problem('terms_not_found', `There is no version ${version} of ${document}.`)
    return found
  }

  /** All versions of one document, in the order of publication. */
  async function listVersions(document: string): Promise<TermsVersion[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': termsKey(document), ':prefix': 'V#' },
      ConsistentRead: true,
    })
    return items.map(toVersion).sort((one, other) => (one.number < other.number ? -1 : 1))
  }

  /** All versions of all documents. One of a moment ago may still be missing, as if it had been published after this. */
  async function listAllVersions(): Promise<TermsVersion[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk',
      ExpressionAttributeValues: { ':pk': ALL_TERMS },
    })
    return items.map(toVersion)
  }

  /**
   * Publishes a version as its document's next, at most once: the same publication again returns the first, and another
   * one under the same name is refused. That clients are to be told of it is written in the same transaction.
   */
  async function publish(draft: TermsDraft, publicationHash: string): Promise<Published> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const [existing, pointer] = await Promise.all([
        read(termsKey(draft.document), versionKey(draft.version)),
        read(termsKey(draft.document), LATEST) as Promise<Latest | undefined>,
      ])
      if (existing) return answerExisting(existing, publicationHash)
      if (pointer && pointer.kind !== draft.kind)
        return { ok: false, reason: 'terms_kind_differs', kind: pointer.kind }
      const version: TermsVersion = { ...draft, number: (pointer?.number ?? 0n) + 1n }
      const written = await writeTogether(client, [
        putVersion(version, publicationHash),
        movePointer(version, pointer),
        ...tellingsOf(version).map(putTelling),
      ])
      if (written.ok) return { ok: true, version, replayed: false }
      if (written.reason === 'busy') return written
      const raced = written.failed.find(({ index }) => index === 0)?.item
      if (raced) return answerExisting(raced, publicationHash)
      // Another version of the document came first: this one is the next after it.
    }
    return { ok: false, reason: 'busy' }
  }

  function putVersion(version: TermsVersion, publicationHash: string): WriteItem {
    const number = version.number.toString().padStart(NUMBER_DIGITS, '0')
    const keys = {
      pk: termsKey(version.document),
      sk: versionKey(version.version),
      index1pk: ALL_TERMS,
      index1sk: `${version.document}#${number}`,
    }
    return {
      Put: {
        TableName: documentsTable,
        Item: { ...keys, ...version, publicationHash },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    }
  }

  function putTelling(telling: Telling): WriteItem {
    const { document, version, round, dueAt } = telling
    const Item = {
      ...tellingKey(telling),
      index1pk: TELLINGS,
      index1sk: `${dueAt}#${document}#${version}#${round}`,
      ...telling,
    }
    return { Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  function movePointer(version: TermsVersion, before: Latest | undefined): WriteItem {
    const concerned = version.clientTypes.length > 0 ? version.clientTypes : CLIENT_TYPES
    const latest = {
      ...before?.latest,
      ...Object.fromEntries(concerned.map((type) => [type, version.version])),
    }
    const Item = {
      pk: termsKey(version.document),
      sk: LATEST,
      number: version.number,
      kind: version.kind,
      latest,
    }
    return { Put: { TableName: documentsTable, Item, ...asRead(before?.number, 'number') } }
  }

  async function read(pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: { pk, sk }, ConsistentRead: true }),
    )
    return Item
  }

  return { readVersion, requireVersion, listVersions, listAllVersions, publish }
}

function answerExisting(item: Record<string, unknown>, publicationHash: string): Published {
  if (item.publicationHash !== publicationHash) return { ok: false, reason: 'terms_version_exists' }
  return { ok: true, version: toVersion(item), replayed: true }
}

function toVersion(item: Record<string, unknown>): TermsVersion {
  const { pk, sk, index1pk, index1sk, publicationHash, ...version } = item
  return { ...version, graceDays: Number(version.graceDays ?? USUAL_GRACE_DAYS) } as TermsVersion
}
