import { z } from 'zod'
import { type Account, clientTypeSchema, timeZoneSchema } from '../accounts/account.ts'
import { localDateTime } from '../accounts/billing-period.ts'
import { renderText } from '../terms/render-text.ts'
import { ANNOUNCEMENT_KINDS, type Announcement, AUDIENCES } from './announcement.ts'
import { MAILING_KINDS, type Mailing } from './mailing.ts'
import type { Counts, PersonState } from './person-state.ts'
import type { Places, SignUp } from './sign-up.ts'

const contentReply = z.object({
  announcementId: z.string(),
  kind: z.enum(ANNOUNCEMENT_KINDS),
  audience: z.enum(AUDIENCES),
  title: z.string(),
  text: z.string().meta({ description: 'Markdown' }),
  banner: z.object({ from: z.string(), until: z.string() }).optional(),
  dismissible: z.boolean(),
})

const eventReply = z.object({
  startsAt: z.string(),
  endsAt: z.string(),
  timeZone: timeZoneSchema,
  link: z.string().optional(),
  capacity: z.int().optional(),
})

export const announcementReply = contentReply
  .extend({
    html: z.string().meta({ description: 'the text as HTML that runs nothing and loads nothing' }),
    read: z.boolean().meta({ description: 'by this person, whichever account they saw it by' }),
    dismissed: z.boolean(),
    event: eventReply
      .extend({
        localStart: z.string().meta({ description: 'date and time of day in the event’s time zone' }),
        localEnd: z.string(),
        accountStart: z.string().meta({ description: 'the same in the account’s time zone' }),
        accountEnd: z.string(),
        accountTimeZone: z.string(),
        link: z.string().optional().meta({ description: 'to join by; for whoever has signed up' }),
        takesSignUps: z.boolean(),
        placesLeft: z.int().optional().meta({ description: 'absent where any number may come' }),
        signedUp: z.boolean(),
        fileUrl: z.string().meta({ description: 'for a calendar' }),
      })
      .optional(),
  })
  .meta({ id: 'Announcement' })

export const staffAnnouncementReply = contentReply
  .extend({
    clientTypes: z.array(clientTypeSchema),
    email: z.object({ at: z.string() }).optional(),
    event: eventReply.optional(),
    status: z.enum(['published', 'withdrawn']),
    revision: z.int(),
    createdAt: z.string(),
    createdBy: z.string(),
    changedAt: z.string(),
    changedBy: z.string(),
  })
  .meta({ id: 'StaffAnnouncement' })

export const staffAnnouncementInFullReply = staffAnnouncementReply
  .extend({
    counts: z.object({
      mailsSent: z.int().meta({ description: 'people who got the announcement by e-mail' }),
      mailsRejected: z.int().meta({ description: 'people whose address was turned down for good' }),
      reads: z.int(),
      dismissals: z.int(),
      signUps: z.int(),
    }),
    mailings: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(MAILING_KINDS),
        dueAt: z.string(),
        status: z.enum(['waiting', 'sending', 'sent', 'stopped']),
      }),
    ),
  })
  .meta({ id: 'StaffAnnouncementInFull' })

/** An announcement as a person sees it by an account. */
export function presentAnnouncement(shown: {
  announcement: Announcement
  account: Pick<Account, 'timeZone'>
  state: PersonState
  signUp?: SignUp
  places?: Places
}): z.output<typeof announcementReply> {
  const { announcement, state } = shown
  const { announcementId, kind, audience, title, text, banner, dismissible } = announcement
  return {
    ...{ announcementId, kind, audience, title, text, html: renderText(text), banner, dismissible },
    ...{ read: state.readAt !== undefined, dismissed: state.dismissedAt !== undefined },
    event: presentEvent(shown),
  }
}

function presentEvent({
  announcement,
  account: { timeZone: accountTimeZone },
  signUp,
  places,
}: Parameters<typeof presentAnnouncement>[0]): z.output<typeof announcementReply>['event'] {
  const { announcementId, event } = announcement
  if (!event) return undefined
  const { startsAt, endsAt, timeZone, capacity } = event
  const left = places?.capacity === undefined ? undefined : places.capacity - places.signedUpCount
  return {
    ...{ startsAt, endsAt, timeZone },
    ...{ localStart: localDateTime(startsAt, timeZone), localEnd: localDateTime(endsAt, timeZone) },
    accountStart: localDateTime(startsAt, accountTimeZone),
    accountEnd: localDateTime(endsAt, accountTimeZone),
    accountTimeZone,
    link: signUp ? event.link : undefined,
    capacity: capacity === undefined ? undefined : Number(capacity),
    takesSignUps: places?.isOpen === true,
    placesLeft: left === undefined ? undefined : Math.max(0, Number(left)),
    signedUp: signUp !== undefined,
    fileUrl: `/v1/announcements/${announcementId}/event.ics`,
  }
}

/** As staff see it. */
export function presentForStaff(announcement: Announcement): z.output<typeof staffAnnouncementReply> {
  const { sequence, requestHash, event, revision, ...rest } = announcement
  const capacity = event?.capacity === undefined ? undefined : Number(event.capacity)
  return { ...rest, revision: Number(revision), event: event && { ...event, capacity } }
}

export function presentInFull(
  announcement: Announcement,
  more: { counts: Counts; signUps: bigint; mailings: readonly Mailing[] },
): z.output<typeof staffAnnouncementInFullReply> {
  const { reads, dismissals, mailsSent, mailsRejected } = more.counts
  return {
    ...presentForStaff(announcement),
    counts: {
      ...{ mailsSent: Number(mailsSent), mailsRejected: Number(mailsRejected) },
      ...{ reads: Number(reads), dismissals: Number(dismissals), signUps: Number(more.signUps) },
    },
    mailings: more.mailings.map((mailing) => {
      const { name, kind, dueAt } = mailing
      return { name, kind, dueAt, status: statusOf(mailing) }
    }),
  }
}

function statusOf({ startedAt, finishedAt, stoppedAt }: Mailing) {
  if (finishedAt !== undefined) return 'sent'
  if (stoppedAt !== undefined) return 'stopped'
  return startedAt === undefined ? 'waiting' : 'sending'
}
