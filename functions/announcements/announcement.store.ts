import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { getAll } from '../edge/get-all.ts'
import { queryAll } from '../edge/query-all.ts'
import { readNewest } from '../edge/read-newest.ts'
import { asRead, listKeys, withoutKeys } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import type { Announcement } from './announcement.ts'
import {
  ALL_ANNOUNCEMENTS,
  announcementPk,
  BANNER,
  BANNERS,
  DOCUMENT,
  MAILING_PREFIX,
  MAILINGS,
  mailingKey,
  SIGN_UPS,
} from './announcement-keys.ts'
import type { AnnouncementChange } from './decide-change.ts'
import { type Mailing, newsOf, type PlannedMailing, remindersOf } from './mailing.ts'

export type Created =
  | { ok: true; announcement: Announcement; replayed: boolean }
  | { ok: false; reason: 'idempotency_key_reused' | 'busy' }

/** An announcement with its banner, its mailings and its places: written together, so that none of them is ever alone. */
export function createAnnouncementStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const put = (Item: Record<string, unknown>, condition: object): WriteItem => ({
    Put: { TableName: documentsTable, Item, ...condition },
  })
  const isNew = asRead(undefined)

  /** As it is now. */
  async function read(announcementId: string): Promise<Announcement | undefined> {
    const Key = { pk: announcementPk(announcementId), sk: DOCUMENT }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toAnnouncement(Item)
  }

  /** A page of all, newest first, after the given place. One of a moment ago may still be missing. */
  async function list(page: { limit: number; after?: string }): Promise<Announcement[]> {
    return (await readNewest(client, documentsTable, ALL_ANNOUNCEMENTS, page)).map(toAnnouncement)
  }

  /** All whose banner is not over yet, each as it is now, soonest to end first. One of a moment ago may still be missing. */
  async function listWithBanner(now: string): Promise<Announcement[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk AND index1sk > :now',
      ExpressionAttributeValues: { ':pk': BANNERS, ':now': now },
    })
    const ids = [...new Set(items.map(({ announcementId }) => announcementId as string))]
    const keys = ids.map((id) => ({ pk: announcementPk(id), sk: DOCUMENT }))
    const found = new Map(
      (await getAll(client, documentsTable, keys))
        .map(toAnnouncement)
        .map((announcement) => [announcement.announcementId, announcement]),
    )
    return ids.flatMap((id) => found.get(id) ?? [])
  }

  /** Its mailings, past and to come. */
  async function listMailings(announcementId: string): Promise<Mailing[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': announcementPk(announcementId), ':prefix': MAILING_PREFIX },
      ConsistentRead: true,
    })
    return items.map((item) => withoutKeys(item) as Mailing)
  }

  /** Publishes an announcement once: the same request again returns it as it is now. */
  async function create(announcement: Announcement): Promise<Created> {
    const planned = [...newsOf(announcement), ...remindersOf(announcement, announcement.createdAt)]
    const written = await writeTogether(client, [
      put(documentItem(announcement), isNew),
      ...putBanner(announcement),
      ...planned.map((mailing) => put(mailingItem(announcement.announcementId, mailing), isNew)),
      ...(announcement.kind === 'webinar' ? [openSignUps(announcement)] : []),
    ])
    if (written.ok) return { ok: true, announcement, replayed: false }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    const first = await read(announcement.announcementId)
    if (!first) throw new Error(`announcement ${announcement.announcementId}: something of it is there alone`)
    if (first.requestHash !== announcement.requestHash) return { ok: false, reason: 'idempotency_key_reused' }
    return { ok: true, announcement: first, replayed: true }
  }

  /** Writes a change of what was read, unless somebody was faster, or its e-mails began to go out meanwhile. */
  async function apply({
    announcement,
    stopped,
    added,
    news,
  }: AnnouncementChange): Promise<{ ok: true } | { ok: false; reason: 'changed_meanwhile' | 'busy' }> {
    const { announcementId, revision, status, changedAt } = announcement
    const written = await writeTogether(client, [
      put(documentItem(announcement), asRead(revision - 1n)),
      ...(status === 'published' ? putBanner(announcement) : []),
      ...(status === 'published' && announcement.banner ? [] : [removal(announcementId, BANNER)]),
      ...stopped.map((mailing) => stop(mailing, changedAt)),
      ...added.map((mailing) => put(mailingItem(announcementId, mailing), isNew)),
      ...writeNews(announcementId, news),
      ...(announcement.kind === 'webinar' ? [changeSignUps(announcement)] : []),
    ])
    if (written.ok) return written
    return { ok: false, reason: written.reason === 'busy' ? 'busy' : 'changed_meanwhile' }
  }

  function putBanner({ announcementId, banner }: Announcement): WriteItem[] {
    if (!banner) return []
    const keys = { pk: announcementPk(announcementId), sk: BANNER }
    const place = { index1pk: BANNERS, index1sk: `${banner.until}#${announcementId}` }
    return [put({ ...keys, ...place, announcementId }, {})]
  }

  function removal(announcementId: string, sk: string, condition = {}): WriteItem {
    return {
      Delete: { TableName: documentsTable, Key: { pk: announcementPk(announcementId), sk }, ...condition },
    }
  }

  /** Nobody has had it: a worker that begins meanwhile makes the change fail, and a change makes the worker read again. */
  function writeNews(announcementId: string, news: AnnouncementChange['news']): WriteItem[] {
    const notBegun = { ConditionExpression: 'attribute_not_exists(startedAt)' }
    if (news.action === 'keep') return []
    if (news.action === 'remove') return [removal(announcementId, mailingKey('news'), notBegun)]
    return [put(mailingItem(announcementId, news.planned), notBegun)]
  }

  function stop({ announcementId, name }: Mailing, at: string): WriteItem {
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: announcementPk(announcementId), sk: mailingKey(name) },
        UpdateExpression: 'SET stoppedAt = :at REMOVE index1pk, index1sk',
        ExpressionAttributeValues: { ':at': at },
      },
    }
  }

  function openSignUps({ announcementId, event }: Announcement): WriteItem {
    const keys = { pk: announcementPk(announcementId), sk: SIGN_UPS }
    const { capacity, endsAt } = event!
    return put({ ...keys, signedUpCount: 0n, capacity, endsAt, isOpen: true }, isNew)
  }

  function changeSignUps({ announcementId, event, status }: Announcement): WriteItem {
    const { capacity, endsAt } = event!
    return {
      Update: {
        TableName: documentsTable,
        Key: { pk: announcementPk(announcementId), sk: SIGN_UPS },
        UpdateExpression: `SET endsAt = :endsAt, isOpen = :isOpen ${capacity === undefined ? 'REMOVE #capacity' : ', #capacity = :capacity'}`,
        ExpressionAttributeNames: { '#capacity': 'capacity' },
        ExpressionAttributeValues: {
          ...{ ':endsAt': endsAt, ':isOpen': status === 'published' },
          ...(capacity !== undefined && { ':capacity': capacity }),
        },
      },
    }
  }

  return { read, list, listWithBanner, listMailings, create, apply }
}

function documentItem(announcement: Announcement): Record<string, unknown> {
  const { announcementId, createdAt } = announcement
  return {
    ...{ pk: announcementPk(announcementId), sk: DOCUMENT },
    ...listKeys(ALL_ANNOUNCEMENTS, createdAt, announcementId),
    ...announcement,
  }
}

function mailingItem(announcementId: string, { name, kind, dueAt }: PlannedMailing): Record<string, unknown> {
  return {
    ...{ pk: announcementPk(announcementId), sk: mailingKey(name) },
    ...{ index1pk: MAILINGS, index1sk: `${dueAt}#${announcementId}#${name}` },
    ...{ announcementId, name, kind, dueAt, position: '' },
  }
}

function toAnnouncement(item: Record<string, unknown>): Announcement {
  return withoutKeys(item) as Announcement
}
