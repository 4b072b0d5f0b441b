import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { queryAll } from '../edge/query-all.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { keptSince } from '../privacy/kept-since.ts'
import { type ConsentRecord, type Consents, isGiven } from './consent.ts'
import { personKey } from './person-key.ts'
import type { Purpose } from './purposes.ts'

export type Decided =
  | { ok: true; record: ConsentRecord; replayed: boolean }
  | { ok: false; reason: 'changed_meanwhile' | 'busy' }

const TRIES = 8
const NUMBER_DIGITS = 6
const PREFIX = 'CONSENT#'
const stateKey = (purpose: Purpose) => `${PREFIX}${purpose}`
const recordKey = ({ purpose, number }: ConsentRecord) =>
  `${stateKey(purpose)}#${number.toString().padStart(NUMBER_DIGITS, '0')}`

/** What people have given and withdrawn: every decision for good, and beside it the last one of each purpose. */
export function createConsentStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  async function read(personId: string, purpose: Purpose): Promise<ConsentRecord | undefined> {
    const Key = { pk: personKey(personId), sk: stateKey(purpose) }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toRecord(Item)
  }

  /** Whether the person may be written to for this purpose, as it is now. */
  async function mayWrite(personId: string, purpose: Purpose): Promise<boolean> {
    return isGiven(await read(personId, purpose))
  }

  /** The last decisions, and all that were ever made, oldest first within a purpose. */
  async function readAll(personId: string): Promise<{ current: Consents; history: ConsentRecord[] }> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': personKey(personId), ':prefix': PREFIX },
      ConsistentRead: true,
    })
    const isState = ({ sk }: Record<string, unknown>) => !/#\d+$/.test(String(sk))
    const states = items.filter(isState).map(toRecord)
    return {
      current: Object.fromEntries(states.map((record) => [record.purpose, record])),
      history: items.filter((item) => !isState(item)).map(toRecord),
    }
  }

  /**
   * Records a decision, unless it is the one that holds already: then that one's record comes back. `basedOn` is the number
   * of the decision that the person was shown; where another has come since, nothing is recorded. Without it the decision
   * counts whatever came before.
   */
  async function decide(
    personId: string,
    decision: Omit<ConsentRecord, 'number'>,
    basedOn?: bigint,
  ): Promise<Decided> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const current = await read(personId, decision.purpose)
      if (current && isSame(current, decision)) return { ok: true, record: current, replayed: true }
      const before = current?.number ?? 0n
      if (basedOn !== undefined && basedOn !== before) return { ok: false, reason: 'changed_meanwhile' }
      const record: ConsentRecord = {
        ...decision,
        number: before + 1n,
        email: decision.email ?? current?.email,
      }
      const written = await writeTogether(client, [
        putRecord(personId, record),
        putState(personId, record, current?.number),
      ])
      if (written.ok) return { ok: true, record, replayed: false }
      if (written.reason === 'busy') return { ok: false, reason: 'busy' }
      // Another decision came first, or this one did and its reply was lost: both show in what is read now.
    }
    return { ok: false, reason: 'busy' }
  }

  function putRecord(personId: string, record: ConsentRecord): WriteItem {
    const Item = { pk: personKey(personId), sk: recordKey(record), ...record }
    return { Put: { TableName: documentsTable, Item, ...asRead(undefined) } }
  }

  function putState(personId: string, record: ConsentRecord, before: bigint | undefined): WriteItem {
    const { purpose, at, channel } = record
    // What an erasure leaves has no end: nobody is known by it.
    const place = channel === 'erasure' ? {} : keptSince('CONSENT', at, personId, purpose)
    const Item = { pk: personKey(personId), sk: stateKey(purpose), ...place, ...record }
    return { Put: { TableName: documentsTable, Item, ...asRead(before, 'number') } }
  }

  return { read, mayWrite, readAll, decide }
}

/** The same decision on the same words: pressed twice, or sent twice. */
function isSame(current: ConsentRecord, decision: Omit<ConsentRecord, 'number'>): boolean {
  if (current.decision !== decision.decision) return false
  return decision.decision === 'withdrawn' || current.wordingSha256 === decision.wordingSha256
}

function toRecord(item: Record<string, unknown>): ConsentRecord {
  return withoutKeys(item) as ConsentRecord
}
