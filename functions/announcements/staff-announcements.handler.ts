import { SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { idFromKey, requestHash } from '../edge/request-id.ts'
import { placeOf } from '../edge/whole-document.ts'
import { createAnnouncementStore } from './announcement.store.ts'
import type { Announcement } from './announcement.ts'
import {
  changeAnnouncement,
  createAnnouncement,
  listAnnouncements,
  readAnnouncement,
  withdrawAnnouncement,
} from './announcements.api.ts'
import { decideChange, decideWithdrawal } from './decide-change.ts'
import { delaySecondsUntil, isDueSoon, isOver } from './mailing.ts'
import { createPersonStateStore } from './person-state.store.ts'
import { presentForStaff, presentInFull } from './present-announcements.ts'
import { createSignUpStore } from './sign-up.store.ts'

const { DOCUMENTS_TABLE, MAILING_QUEUE_URL } = environment('DOCUMENTS_TABLE', 'MAILING_QUEUE_URL')
const options = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const announcements = createAnnouncementStore(options)
const people = createPersonStateStore(options)
const signUps = createSignUpStore(options)
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: MAILING_QUEUE_URL })

const TRIES = 8
const positionSchema = z.strictObject({ place: z.string().min(1).max(100) })

async function requireAnnouncement(announcementId: string): Promise<Announcement> {
  const found = await announcements.read(announcementId)
  if (!found) throw new Problem('announcement_not_found', `There is no announcement ${announcementId}.`)
  return found
}

/** Has e-mails go out as soon as they are due. Where that fails, or the process dies before, the hourly look does it. */
async function queueSoon(announcementId: string): Promise<void> {
  try {
    const now = new Date()
    const mailings = await announcements.listMailings(announcementId)
    for (const mailing of mailings.filter((one) => !isOver(one) && isDueSoon(one, now))) {
      await queue.send([{ announcementId, mailing: mailing.name }], delaySecondsUntil(mailing.dueAt, now))
    }
  } catch (error) {
    log.warn('mailings were not queued; the hourly look does it', { announcementId, error: error as Error })
  }
}

async function withdraw(announcementId: string, actor: string): Promise<Announcement> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [before, mailings] = await Promise.all([
      requireAnnouncement(announcementId),
      announcements.listMailings(announcementId),
    ])
    if (before.status === 'withdrawn') return before
    const change = decideWithdrawal(before, mailings, { now: new Date().toISOString(), actor })
    const applied = await announcements.apply(change)
    if (applied.ok) return change.announcement
    if (applied.reason === 'busy') break
  }
  throw new Problem('busy', 'Nothing was withdrawn. Send the same request again.')
}

export const handler = httpHandler(
  bind(createAnnouncement, async ({ caller, body, idempotencyKey }) => {
    const now = new Date().toISOString()
    const announcement: Announcement = {
      announcementId: idFromKey('ann', caller.actor, idempotencyKey),
      ...body,
      ...{ status: 'published', revision: 1n, sequence: 0n },
      ...{ createdAt: now, createdBy: caller.actor, changedAt: now, changedBy: caller.actor },
      requestHash: requestHash(body),
    }
    const created = await announcements.create(announcement)
    if (!created.ok && created.reason === 'busy') throw new Problem('busy', 'Nothing was announced.')
    if (!created.ok)
      throw new Problem('idempotency_key_reused', 'Something else was announced under this key.')
    await queueSoon(created.announcement.announcementId)
    return { status: 201, body: presentForStaff(created.announcement) }
  }),

  bind(listAnnouncements, async ({ query: { limit, cursor } }) => {
    const page = await announcements.list({ limit, after: readCursor(positionSchema, cursor)?.place })
    const last = page.at(-1)
    const nextCursor =
      last && page.length === limit
        ? writeCursor({ place: placeOf(last.createdAt, last.announcementId) })
        : undefined
    return { status: 200, body: { announcements: page.map(presentForStaff), nextCursor } }
  }),

  bind(readAnnouncement, async ({ params: { announcementId } }) => {
    const announcement = await requireAnnouncement(announcementId)
    const [counts, mailings, places] = await Promise.all([
      people.readCounts(announcementId),
      announcements.listMailings(announcementId),
      signUps.readPlaces(announcementId),
    ])
    const body = presentInFull(announcement, { counts, mailings, signUps: places?.signedUpCount ?? 0n })
    return { status: 200, body }
  }),

  bind(changeAnnouncement, async ({ caller, params: { announcementId }, body }) => {
    const { revision, ...content } = body
    const [before, mailings] = await Promise.all([
      requireAnnouncement(announcementId),
      announcements.listMailings(announcementId),
    ])
    const by = { now: new Date().toISOString(), actor: caller.actor }
    const decided = decideChange(before, content, mailings, by)
    if (!decided.ok) throw refuse(decided, before)
    if (before.revision !== BigInt(revision))
      throw new Problem('changed_meanwhile', `It is at revision ${before.revision} by now. Read it again.`)
    const applied = await announcements.apply(decided.change)
    if (!applied.ok) throw new Problem(applied.reason, 'Nothing was changed. Read the announcement again.')
    await queueSoon(announcementId)
    return { status: 200, body: presentForStaff(decided.change.announcement) }
  }),

  bind(withdrawAnnouncement, async ({ caller, params: { announcementId } }) => {
    const withdrawn = await withdraw(announcementId, caller.actor)
    await queueSoon(announcementId)
    return { status: 200, body: presentForStaff(withdrawn) }
  }),
)

function refuse(
  refusal: Extract<ReturnType<typeof decideChange>, { ok: false }>,
  { kind }: Announcement,
): Problem {
  switch (refusal.reason) {
    case 'kind_differs':
      return invalidField('kind', `is ${kind}, and stays so`)
    case 'announcement_withdrawn':
      return new Problem('announcement_withdrawn', 'It was withdrawn: announce it anew.')
    case 'announcement_sent':
      return new Problem('announcement_sent', 'Whom its e-mails go to, and when, stays as it is.', {
        errors: refusal.errors,
      })
  }
}
