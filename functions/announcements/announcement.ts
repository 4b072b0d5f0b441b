import { z } from 'zod'
import { type ClientType, timeZoneSchema } from '../accounts/account.ts'
import { concernedClientsSchema, concerns } from '../accounts/concerned-clients.ts'
import { PURPOSES, type Purpose } from '../consents/purposes.ts'
import { instantSchema } from '../edge/instant.ts'
import { lineSchema, linesSchema } from '../edge/text.ts'

export const ANNOUNCEMENT_KINDS = ['maintenance', 'webinar', 'change', 'other'] as const
export type AnnouncementKind = (typeof ANNOUNCEMENT_KINDS)[number]

/** Service: for everybody concerned. A purpose of marketing: for people who have given their consent to it, and nobody else. */
export const AUDIENCES = ['service', ...PURPOSES] as const
export type Audience = 'service' | Purpose

/** When something takes place. Only a webinar has a link to join by, and places. */
export type AnnouncedEvent = {
  startsAt: string
  endsAt: string
  /** IANA name: times are shown in it, beside the account's own. */
  timeZone: string
  link?: string
  /** So many may sign up; absent is any number. */
  capacity?: bigint
}

/** What staff write. */
export type AnnouncementContent = {
  kind: AnnouncementKind
  audience: Audience
  /** Whom it concerns: none named is all. */
  clientTypes: ClientType[]
  title: string
  /** Markdown. */
  text: string
  banner?: { from: string; until: string }
  email?: { at: string }
  dismissible: boolean
  event?: AnnouncedEvent
}

/** One announcement, under `ANNOUNCEMENT#<id>` / `ANNOUNCEMENT`. */
export type Announcement = AnnouncementContent & {
  announcementId: string
  status: 'published' | 'withdrawn'
  revision: bigint
  /** Of the event, as calendars count its changes (RFC 5545, 3.8.7.4). */
  sequence: bigint
  createdAt: string
  createdBy: string
  changedAt: string
  changedBy: string
  /** Tells whether a repeated key carries the same request. */
  requestHash: string
}

export const announcementIdSchema = z
  .string()
  .regex(/^ann_[A-Za-z0-9_-]{8,40}$/, 'must be an announcement’s id such as "ann_5fK2…"')
  .meta({ examples: ['ann_5fK2mQ8bYw3nL0pTzR7vXc'] })

const LONGEST_TEXT_CHARACTERS = 20_000
const MOST_PLACES = 100_000

/** Visible ASCII alone: a link goes into calendars and e-mails, where a line break would begin a line of its own. */
const linkSchema = z
  .string()
  .max(2000)
  .regex(/^[\x21-\x7e]+$/, 'must be of visible ASCII characters')
  .pipe(z.url({ protocol: /^https$/, error: 'must be a web address that starts with https://' }))

const eventSchema = z.strictObject({
  startsAt: instantSchema,
  endsAt: instantSchema,
  timeZone: timeZoneSchema,
  link: linkSchema
    .optional()
    .meta({ description: 'to join by; a webinar has to have one, nothing else has' }),
  capacity: z
    .int()
    .min(1)
    .max(MOST_PLACES)
    .transform(BigInt)
    .optional()
    .meta({
      description: 'places of a webinar; absent is any number',
      override: ({ jsonSchema }) => {
        Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum: MOST_PLACES })
      },
    }),
})

const contentShape = {
  kind: z.enum(ANNOUNCEMENT_KINDS),
  audience: z.enum(AUDIENCES).meta({
    description:
      'service: everybody concerned; otherwise only people who have given their consent to this purpose',
  }),
  clientTypes: concernedClientsSchema,
  title: lineSchema(200),
  text: linesSchema(LONGEST_TEXT_CHARACTERS).meta({ description: 'Markdown; HTML in it is shown as text' }),
  banner: z.strictObject({ from: instantSchema, until: instantSchema }).optional(),
  email: z
    .strictObject({ at: instantSchema })
    .optional()
    .meta({ description: 'not before this instant; one that is over is now' }),
  dismissible: z.boolean().default(true),
  event: eventSchema.optional(),
}

type Fault = { path: string[]; message: string }

function faultsOf({ kind, banner, email, event }: Omit<AnnouncementContent, 'title' | 'text'>): Fault[] {
  const faults: [boolean, string[], string][] = [
    [!banner && !email, ['banner'], 'an announcement has a banner, an e-mail or both'],
    [banner !== undefined && banner.until <= banner.from, ['banner', 'until'], 'must be after `from`'],
    [kind === 'webinar' && !event, ['event'], 'a webinar has to have one'],
    [event !== undefined && event.endsAt <= event.startsAt, ['event', 'endsAt'], 'must be after `startsAt`'],
    [
      kind === 'webinar' && event !== undefined && event.link === undefined,
      ['event', 'link'],
      'a webinar has to have one',
    ],
    [kind !== 'webinar' && event?.link !== undefined, ['event', 'link'], 'only a webinar has one'],
    [kind !== 'webinar' && event?.capacity !== undefined, ['event', 'capacity'], 'only a webinar has places'],
  ]
  return faults.flatMap(([isFault, path, message]) => (isFault ? [{ path, message }] : []))
}

export const announcementContentSchema = z.strictObject(contentShape).check(({ value, issues }) => {
  for (const fault of faultsOf(value)) issues.push({ code: 'custom', ...fault, input: value })
})

/** All of it anew, and the revision that it was read with. */
export const changeAnnouncementSchema = z
  .strictObject({ ...contentShape, revision: z.int().min(1).meta({ description: 'as it was read' }) })
  .check(({ value, issues }) => {
    for (const fault of faultsOf(value)) issues.push({ code: 'custom', ...fault, input: value })
  })

/** Whether clients of a type may know of it: it stands, somebody was or is to be told by now, and it concerns them. */
export function isForClient(announcement: Announcement, clientType: ClientType, now: string): boolean {
  const { status, banner, email } = announcement
  const hasBegun = [banner?.from, email?.at].some((at) => at !== undefined && at <= now)
  return status === 'published' && hasBegun && concerns(announcement, clientType)
}

/** The last instant at which it is shown, goes out or takes place; of what was withdrawn, when it was. */
function endOf({ status, changedAt, createdAt, banner, email, event }: Announcement): string {
  if (status === 'withdrawn') return changedAt
  const ends = [createdAt, banner?.until, email?.at, event?.endsAt]
  return ends
    .filter((at) => at !== undefined)
    .sort()
    .at(-1)!
}

/** Whether nothing of it is to come, and was not at this instant already. */
export function isOverSince(announcement: Announcement, instant: string): boolean {
  return endOf(announcement) < instant
}

export function isBannerOn({ banner, status }: Announcement, now: string): boolean {
  return status === 'published' && banner !== undefined && banner.from <= now && now < banner.until
}
