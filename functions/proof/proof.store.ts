import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { getAll } from '../edge/get-all.ts'
import { asRead } from '../edge/whole-document.ts'
import type { ProofDocument } from './proof-document.ts'

const PROOF = 'PROOF'

/** How far each account was proven. */
export function createProofStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  async function read(accountId: string): Promise<ProofDocument | undefined> {
    const Key = { pk: accountKey(accountId), sk: PROOF }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toDocument(Item)
  }

  /** Those of the named accounts that have one, by account. */
  async function readMany(accountIds: readonly string[]): Promise<Map<string, ProofDocument>> {
    const keys = accountIds.map((accountId) => ({ pk: accountKey(accountId), sk: PROOF }))
    const items = await getAll(client, documentsTable, keys)
    return new Map(items.map(toDocument).map((document) => [document.accountId, document]))
  }

  /** Writes what follows on the document that was read; `false` when somebody else has written one meanwhile. */
  async function write(
    before: ProofDocument | undefined,
    next: Omit<ProofDocument, 'version'>,
  ): Promise<boolean> {
    const version = (before?.version ?? 0n) + 1n
    const Item = { pk: accountKey(next.accountId), sk: PROOF, ...next, version }
    const put = new PutCommand({
      TableName: documentsTable,
      Item,
      ...asRead(before?.version, 'version'),
    })
    return conditionHeld(client.send(put))
  }

  return { read, readMany, write }
}

function toDocument({ pk, sk, ...document }: Record<string, unknown>): ProofDocument {
  return document as ProofDocument
}
