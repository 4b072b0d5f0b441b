import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator'
import { localDateTime } from '../accounts/billing-period.ts'
import type { Announcement } from './announcement.ts'

/**
 * The event as calendars read it (RFC 5545). Its times are UTC, which every calendar shows in its own local time, and which
 * for something that takes place once says all that a time zone would. The UID stays and SEQUENCE counts the changes, so
 * that a calendar replaces what it has; one that was withdrawn is cancelled there. Undefined where there is no event.
 */
export function renderEventFile(
  announcement: Announcement,
  { organizer, showsLink }: { organizer: string; showsLink: boolean },
): string | undefined {
  const { announcementId, event, status, sequence, title, text, createdAt, changedAt } = announcement
  if (!event) return undefined
  const isCancelled = status === 'withdrawn'
  const calendar = ical({
    prodId: { company: 'Drawdown', product: 'announcements', language: 'EN' },
    method: isCancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.PUBLISH,
  })
  calendar.createEvent({
    id: `${announcementId}@drawdown`,
    sequence: Number(sequence),
    ...{ start: new Date(event.startsAt), end: new Date(event.endsAt) },
    ...{ stamp: new Date(changedAt), created: new Date(createdAt), lastModified: new Date(changedAt) },
    ...{ summary: title, description: `${describeTimes(announcement)}\n\n${text}` },
    organizer: { name: organizer, email: organizer },
    status: isCancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    ...(showsLink && event.link !== undefined && { url: event.link, location: event.link }),
  })
  // The last line ends as each does (section 3.1).
  return `${calendar.toString()}\r\n`
}

/** The file’s type, as an attachment and as a reply. */
export function eventFileType({ status }: Announcement): string {
  return `text/calendar; charset=utf-8; method=${status === 'withdrawn' ? 'CANCEL' : 'PUBLISH'}`
}

function describeTimes({ event }: Announcement): string {
  return event ? showTimes(event, event.timeZone) : ''
}

/** From and until in a time zone, for people: `2026-12-01 15:00 to 16:00 (Europe/Berlin)`. */
export function showTimes(
  { startsAt, endsAt }: { startsAt: string; endsAt: string },
  timeZone: string,
): string {
  const [start, end] = [localDateTime(startsAt, timeZone), localDateTime(endsAt, timeZone)]
  const [day, time] = end.split(' ') as [string, string]
  return `${start} to ${start.startsWith(day) ? time : end} (${timeZone})`
}
