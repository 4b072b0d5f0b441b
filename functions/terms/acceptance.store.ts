import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { ClientType } from '../accounts/account.ts'
import { accountKey, memberKey } from '../accounts/account-keys.ts'
import { queryAll } from '../edge/query-all.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import type { Acceptance, Decision } from './terms.ts'
import { LATEST, termsKey } from './terms-keys.ts'

export type AcceptanceStore = ReturnType<typeof createAcceptanceStore>

export type Recorded =
  | { ok: true; acceptance: Acceptance; replayed: boolean }
  /** A newer version concerns the client: nothing was recorded. */
  | { ok: false; reason: 'terms_version_superseded' }
  /** Declining what the same person accepted before. */
  | { ok: false; reason: 'terms_already_accepted' }
  /** The person's role was changed or taken meanwhile. */
  | { ok: false; reason: 'role_changed' }
  | { ok: false; reason: 'busy' }

type Answer = Pick<Acceptance, 'accountId' | 'document' | 'version' | 'subject' | 'decision'>

/** The evidence of who answered what to which text. */
export function createAcceptanceStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /** All answers of an account's people, by document and version. */
  async function list(accountId: string): Promise<Acceptance[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': 'ACCEPTANCE#' },
      ConsistentRead: true,
    })
    return items.map(toAcceptance)
  }

  async function read(answer: Answer): Promise<Acceptance | undefined> {
    const Key = { pk: accountKey(answer.accountId), sk: answerKey(answer, answer.decision) }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toAcceptance(Item)
  }

  /**
   * Records an answer once: the same person's same answer to the same version again returns the first record. Nothing is
   * written unless, in the same transaction, the version is the newest for this client type and the person's role holds. Who
   * found that an older one may be answered names the newest that they saw: it must still be that.
   */
  async function record(
    acceptance: Acceptance,
    clientType: ClientType,
    newest = acceptance.version,
  ): Promise<Recorded> {
    const first = await read(acceptance)
    if (first) return { ok: true, acceptance: first, replayed: true }
    const written = await writeTogether(client, [
      putOnce(acceptance),
      checkLatest(acceptance.document, newest, clientType),
      checkRole(acceptance),
      ...(acceptance.decision === 'declined' ? [checkNotAccepted(acceptance)] : []),
    ])
    if (written.ok) return { ok: true, acceptance, replayed: false }
    if (written.reason === 'busy') return written
    // Of several failed conditions only one may be told, and a first try whose reply was lost fails here too.
    const raced = await read(acceptance)
    if (raced) return { ok: true, acceptance: raced, replayed: true }
    const failed = new Set(written.failed.map(({ index }) => index))
    if (failed.has(1)) return { ok: false, reason: 'terms_version_superseded' }
    return { ok: false, reason: failed.has(3) ? 'terms_already_accepted' : 'role_changed' }
  }

  function putOnce(acceptance: Acceptance): WriteItem {
    const Item = {
      pk: accountKey(acceptance.accountId),
      sk: answerKey(acceptance, acceptance.decision),
      ...acceptance,
    }
    return { Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  function checkLatest(document: string, version: string, clientType: ClientType): WriteItem {
    return {
      ConditionCheck: {
        TableName: documentsTable,
        Key: { pk: termsKey(document), sk: LATEST },
        ConditionExpression: '#latest.#clientType = :version',
        ExpressionAttributeNames: { '#latest': 'latest', '#clientType': clientType },
        ExpressionAttributeValues: { ':version': version },
      },
    }
  }

  function checkRole({ accountId, email, role }: Acceptance): WriteItem {
    return {
      ConditionCheck: {
        TableName: documentsTable,
        Key: { pk: accountKey(accountId), sk: memberKey(email) },
        ConditionExpression: '#role = :role',
        ExpressionAttributeNames: { '#role': 'role' },
        ExpressionAttributeValues: { ':role': role },
      },
    }
  }

  function checkNotAccepted(acceptance: Acceptance): WriteItem {
    return {
      ConditionCheck: {
        TableName: documentsTable,
        Key: { pk: accountKey(acceptance.accountId), sk: answerKey(acceptance, 'accepted') },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    }
  }

  return { list, record }
}

/** Accepting after having declined is a second record beside the first, so each decision has a key of its own. */
function answerKey({ document, version, subject }: Answer, decision: Decision): string {
  return `ACCEPTANCE#${document}#${version}#${subject}${decision === 'declined' ? '#declined' : ''}`
}

function toAcceptance({ pk, sk, ...acceptance }: Record<string, unknown>): Acceptance {
  return acceptance as Acceptance
}
