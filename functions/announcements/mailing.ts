import { z } from 'zod'
import type { Announcement, AnnouncementContent } from './announcement.ts'
import { announcementIdSchema } from './announcement.ts'

/** News: the announcement itself, to everybody concerned. The others go to those who have signed up. */
export const MAILING_KINDS = ['news', 'reminder', 'change', 'cancellation'] as const
export type MailingKind = (typeof MAILING_KINDS)[number]

/** One round of e-mails, under `ANNOUNCEMENT#<id>` / `MAILING#<name>`. */
export type Mailing = {
  announcementId: string
  name: string
  kind: MailingKind
  dueAt: string
  /** Whom it has come to: behind the account or the person of this key. */
  position: string
  startedAt?: string
  movedAt?: string
  finishedAt?: string
  /** Something else has taken its place, or the announcement was withdrawn. */
  stoppedAt?: string
}

export type PlannedMailing = Pick<Mailing, 'name' | 'kind' | 'dueAt'>

export const NEWS = 'news'
const HOUR_MILLISECONDS = 3_600_000
const REMINDERS = [
  { name: '24h', hours: 24 },
  { name: '1h', hours: 1 },
]

/** Whether nothing is left of it to be sent. */
export function isOver({ finishedAt, stoppedAt }: Mailing): boolean {
  return finishedAt !== undefined || stoppedAt !== undefined
}

/** The announcement itself, where it goes by e-mail at all. */
export function newsOf({ email }: AnnouncementContent): PlannedMailing[] {
  return email ? [{ name: NEWS, kind: 'news', dueAt: email.at }] : []
}

/** Reminders a day and an hour before a webinar, as far as that is still to come. Each change of the event has its own. */
export function remindersOf(
  announcement: Pick<Announcement, 'kind' | 'event' | 'sequence'>,
  now: string,
): PlannedMailing[] {
  const { kind, event, sequence } = announcement
  if (kind !== 'webinar' || !event) return []
  const planned = REMINDERS.map(
    ({ name, hours }): PlannedMailing => ({
      name: `reminder-${name}-${sequence}`,
      kind: 'reminder',
      dueAt: new Date(Date.parse(event.startsAt) - hours * HOUR_MILLISECONDS).toISOString(),
    }),
  )
  return planned.filter(({ dueAt }) => dueAt > now)
}

/** A message: go on with a mailing, or send one person's mail of it that failed; or confirm a sign-up. */
export const mailingMessageSchema = z.union([
  z.strictObject({ announcementId: announcementIdSchema, mailing: z.string().min(1).max(100) }),
  z.strictObject({
    announcementId: announcementIdSchema,
    mailing: z.string().min(1).max(100),
    accountId: z.string().min(1),
    personId: z.string().min(1),
  }),
  z.strictObject({ announcementId: announcementIdSchema, signedUp: z.string().min(1) }),
])
export type MailingMessage = z.infer<typeof mailingMessageSchema>

/** SQS delays a message by 15 minutes at most. */
const LONGEST_DELAY_SECONDS = 900

/** How long a message waits so that it comes when its mailing is due, or nearer to it. */
export function delaySecondsUntil(dueAt: string, now: Date): number {
  const seconds = Math.ceil((Date.parse(dueAt) - now.getTime()) / 1000)
  return Math.min(LONGEST_DELAY_SECONDS, Math.max(0, seconds))
}

/** The schedule looks an hour ahead; what is made in between and due before it looks again is queued by whoever made it. */
export const LOOK_AHEAD_MILLISECONDS = HOUR_MILLISECONDS
export function isDueSoon({ dueAt }: Pick<Mailing, 'dueAt'>, now: Date): boolean {
  return Date.parse(dueAt) <= now.getTime() + LOOK_AHEAD_MILLISECONDS
}

const BUSY_MILLISECONDS = 5 * 60_000
/** Whether somebody went on with it a moment ago, and so is most likely at it still. */
export function isAtWork({ movedAt }: Mailing, now: Date): boolean {
  return movedAt !== undefined && now.getTime() - Date.parse(movedAt) < BUSY_MILLISECONDS
}
