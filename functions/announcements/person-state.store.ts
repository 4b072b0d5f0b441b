import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { personKey } from '../consents/person-key.ts'
import { queryAll } from '../edge/query-all.ts'
import { writeTogether } from '../edge/write-together.ts'
import { keptSince } from '../privacy/kept-since.ts'
import { announcementPk, COUNTS_PREFIX, countsKey, ofAnnouncement } from './announcement-keys.ts'
import type { Counts, PersonState } from './person-state.ts'

const COUNT_OF = { readAt: 'reads', dismissedAt: 'dismissals' } as const

/** Who read and dismissed an announcement: the note and its count are one transaction, and the note is made once. */
export function createPersonStateStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const keyOf = (announcementId: string, personId: string) => ({
    pk: personKey(personId),
    sk: ofAnnouncement(announcementId),
  })

  async function read(announcementId: string, personId: string): Promise<PersonState> {
    const { Item } = await client.send(
      new GetCommand({
        TableName: documentsTable,
        Key: keyOf(announcementId, personId),
        ConsistentRead: true,
      }),
    )
    return Item ? toState(Item) : {}
  }

  /** Notes it the first time; again changes nothing. */
  async function note(
    { announcementId, personId }: { announcementId: string; personId: string },
    what: keyof PersonState,
    at: string,
  ): Promise<{ ok: boolean }> {
    if ((await read(announcementId, personId))[what] !== undefined) return { ok: true }
    const { index1pk, index1sk } = keptSince('ANNOUNCEMENT_SEEN', at, personId, announcementId)
    const written = await writeTogether(client, [
      {
        Update: {
          TableName: documentsTable,
          Key: keyOf(announcementId, personId),
          UpdateExpression: 'SET #what = :at, announcementId = :id, index1pk = :kept, index1sk = :since',
          ConditionExpression: 'attribute_not_exists(#what)',
          ExpressionAttributeNames: { '#what': what },
          ExpressionAttributeValues: {
            ...{ ':at': at, ':id': announcementId },
            ...{ ':kept': index1pk, ':since': index1sk },
          },
        },
      },
      {
        Update: {
          TableName: documentsTable,
          Key: { pk: announcementPk(announcementId), sk: countsKey(personId) },
          UpdateExpression: 'ADD #count :one',
          ExpressionAttributeNames: { '#count': COUNT_OF[what] },
          ExpressionAttributeValues: { ':one': 1n },
        },
      },
    ])
    return { ok: written.ok || written.reason !== 'busy' }
  }

  async function readCounts(announcementId: string): Promise<Counts> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': announcementPk(announcementId), ':prefix': COUNTS_PREFIX },
      ConsistentRead: true,
    })
    const sum = (name: keyof Counts) =>
      items.reduce((total, item) => total + ((item[name] as bigint) ?? 0n), 0n)
    return {
      reads: sum('reads'),
      dismissals: sum('dismissals'),
      mailsSent: sum('mailsSent'),
      mailsRejected: sum('mailsRejected'),
    }
  }

  return { read, note, readCounts }
}

function toState({ readAt, dismissedAt }: Record<string, unknown>): PersonState {
  return { readAt, dismissedAt } as PersonState
}
