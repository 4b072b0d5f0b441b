import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { personKey } from '../consents/person-key.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { withoutKeys } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { keptSince } from '../privacy/kept-since.ts'
import type { Announcement } from './announcement.ts'
import {
  announcementPk,
  DOCUMENT,
  SIGN_UPS,
  signUpKey,
  TAKES_PART_PREFIX,
  TO_CONFIRM,
  takesPartIn,
} from './announcement-keys.ts'
import type { Places, SignUp } from './sign-up.ts'

export type SignedUp =
  | { ok: true; signUp: SignUp; replayed: boolean }
  | { ok: false; reason: 'event_full' | 'event_over' | 'busy' }

/** Who takes part: each person once, never more than there are places; the count and the person are written together. */
export function createSignUpStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  async function get(announcementId: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const Key = { pk: announcementPk(announcementId), sk }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && withoutKeys(Item)
  }

  async function read(announcementId: string, personId: string): Promise<SignUp | undefined> {
    return (await get(announcementId, signUpKey(personId))) as SignUp | undefined
  }

  /** Undefined where nobody can sign up. */
  async function readPlaces(announcementId: string): Promise<Places | undefined> {
    return (await get(announcementId, SIGN_UPS)) as Places | undefined
  }

  /** Signs a person up; who has signed up already is returned as they were. */
  async function add(signUp: SignUp): Promise<SignedUp> {
    const { announcementId, personId, accountId, at } = signUp
    const first = await read(announcementId, personId)
    if (first) return { ok: true, signUp: first, replayed: true }
    const keys = { pk: announcementPk(announcementId), sk: signUpKey(personId) }
    const toConfirm = { index1pk: TO_CONFIRM, index1sk: `${at}#${announcementId}#${personId}` }
    const written = await writeTogether(client, [
      {
        Put: {
          TableName: documentsTable,
          Item: { ...keys, ...toConfirm, ...signUp },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      count(announcementId, 1n, {
        ConditionExpression:
          'isOpen = :true AND endsAt > :now AND (attribute_not_exists(#capacity) OR signedUpCount < #capacity)',
        ExpressionAttributeNames: { '#capacity': 'capacity' },
        values: { ':true': true, ':now': at },
      }),
      {
        Put: {
          TableName: documentsTable,
          Item: {
            ...{ pk: personKey(personId), sk: takesPartIn(announcementId) },
            ...keptSince('TAKES_PART', at, personId, announcementId),
            ...{ announcementId, accountId, at },
          },
        },
      },
    ])
    if (written.ok) return { ok: true, signUp, replayed: false }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    const raced = await read(announcementId, personId)
    if (raced) return { ok: true, signUp: raced, replayed: true }
    const places = await readPlaces(announcementId)
    const isOver = !places?.isOpen || places.endsAt <= at
    return { ok: false, reason: isOver ? 'event_over' : 'event_full' }
  }

  /** Gives the place back; a person who has none has none. */
  async function remove(announcementId: string, personId: string): Promise<{ ok: boolean }> {
    const [signUp, pointer] = deletions(announcementId, personId)
    const isThere = { ConditionExpression: 'attribute_exists(pk)' }
    const removal: WriteItem = { Delete: { ...signUp, ...isThere } }
    const written = await writeTogether(client, [removal, count(announcementId, -1n), { Delete: pointer }])
    return { ok: written.ok || written.reason !== 'busy' }
  }

  /**
   * Forgets who took part in what is over; how many did stays. False where it was changed since it was read: it may have
   * been put off.
   */
  async function forget(
    { announcementId, revision }: Pick<Announcement, 'announcementId' | 'revision'>,
    personId: string,
  ): Promise<boolean> {
    const asRead: WriteItem = {
      ConditionCheck: {
        TableName: documentsTable,
        Key: { pk: announcementPk(announcementId), sk: DOCUMENT },
        ConditionExpression: 'revision = :read',
        ExpressionAttributeValues: { ':read': revision },
      },
    }
    const [signUp, pointer] = deletions(announcementId, personId)
    const written = await writeTogether(client, [asRead, { Delete: signUp }, { Delete: pointer }])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`${announcementId}: a sign-up was not forgotten`)
    return written.ok
  }

  /** Of a sign-up and of what says beside its person that there is one. */
  function deletions(announcementId: string, personId: string) {
    return [
      {
        TableName: documentsTable,
        Key: { pk: announcementPk(announcementId), sk: signUpKey(personId) },
      },
      {
        TableName: documentsTable,
        Key: { pk: personKey(personId), sk: takesPartIn(announcementId) },
      },
    ] as const
  }

  /** All that a person has signed up for. */
  async function listOf(personId: string): Promise<string[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': personKey(personId), ':prefix': TAKES_PART_PREFIX },
      ConsistentRead: true,
    })
    return items.map(({ announcementId }) => announcementId as string)
  }

  function count(
    announcementId: string,
    delta: bigint,
    condition: {
      ConditionExpression?: string
      ExpressionAttributeNames?: Record<string, string>
      values?: object
    } = {},
  ): WriteItem {
    const { values, ...conditions } = condition
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: announcementPk(announcementId), sk: SIGN_UPS },
        UpdateExpression: 'SET signedUpCount = signedUpCount + :delta',
        ...conditions,
        ExpressionAttributeValues: { ':delta': delta, ...values },
      },
    }
  }

  /** Takes a sign-up off the list of those to confirm; one that was given back and taken again meanwhile stays on it. */
  async function noteConfirmed({ announcementId, personId, at }: SignUp, now: string): Promise<void> {
    const confirmed = new UpdateCommand({
      TableName: documentsTable,
      Key: { pk: announcementPk(announcementId), sk: signUpKey(personId) },
      UpdateExpression: 'SET confirmedAt = :now REMOVE index1pk, index1sk',
      ConditionExpression: '#at = :at',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':now': now, ':at': at },
    })
    await conditionHeld(client.send(confirmed))
  }

  return { read, readPlaces, add, remove, forget, listOf, noteConfirmed }
}
