import type { FieldError } from '../edge/problem.ts'
import type { Announcement, AnnouncementContent } from './announcement.ts'
import { isOver, type Mailing, NEWS, newsOf, type PlannedMailing, remindersOf } from './mailing.ts'

/** What becomes of an announcement and its mailings. */
export type AnnouncementChange = {
  announcement: Announcement
  /** Those that are not over and go no further. */
  stopped: Mailing[]
  added: PlannedMailing[]
  /** The announcement itself by e-mail, while nobody has had it: as it is planned now, or not any more. */
  news: { action: 'keep' } | { action: 'put'; planned: PlannedMailing } | { action: 'remove' }
}

export type ChangeDecided =
  | { ok: true; change: AnnouncementChange }
  | { ok: false; reason: 'announcement_withdrawn' }
  | { ok: false; reason: 'announcement_sent'; errors: FieldError[] }
  | { ok: false; reason: 'kind_differs' }

type By = { now: string; actor: string }

/**
 * What a change does. Once e-mails have begun to go out, whom they go to and when stays as it is. Where the event itself
 * changes, its reminders follow it, and those who have signed up are told.
 */
export function decideChange(
  before: Announcement,
  content: AnnouncementContent,
  mailings: readonly Mailing[],
  { now, actor }: By,
): ChangeDecided {
  if (before.status === 'withdrawn') return { ok: false, reason: 'announcement_withdrawn' }
  if (before.kind !== content.kind) return { ok: false, reason: 'kind_differs' }
  const sent = mailings.find(({ name, startedAt }) => name === NEWS && startedAt !== undefined)
  const errors = sent ? faultsOfSent(before, content) : []
  if (errors.length > 0) return { ok: false, reason: 'announcement_sent', errors }
  const isEventChanged = eventText(before) !== eventText(content)
  const announcement: Announcement = {
    ...content,
    ...{ announcementId: before.announcementId, status: before.status },
    ...{ createdAt: before.createdAt, createdBy: before.createdBy, changedAt: now, changedBy: actor },
    requestHash: before.requestHash,
    revision: before.revision + 1n,
    sequence: isEventChanged ? before.sequence + 1n : before.sequence,
  }
  const following = mailings.filter((mailing) => mailing.name !== NEWS && !isOver(mailing))
  const told: PlannedMailing[] =
    announcement.kind === 'webinar'
      ? [{ name: `change-${announcement.sequence}`, kind: 'change', dueAt: now }]
      : []
  return {
    ok: true,
    change: {
      announcement,
      stopped: isEventChanged ? following : [],
      added: isEventChanged ? [...remindersOf(announcement, now), ...told] : [],
      news: sent ? { action: 'keep' } : decideNews(content, mailings),
    },
  }
}

/** What withdrawing does: nothing goes out any more but the word to those who have signed up for what is still to come. */
export function decideWithdrawal(
  before: Announcement,
  mailings: readonly Mailing[],
  { now, actor }: By,
): AnnouncementChange {
  const { event } = before
  const isToCome = before.kind === 'webinar' && event !== undefined && now < event.endsAt
  return {
    announcement: {
      ...before,
      ...{ status: 'withdrawn', changedAt: now, changedBy: actor },
      revision: before.revision + 1n,
      sequence: event ? before.sequence + 1n : before.sequence,
    },
    stopped: mailings.filter((mailing) => !isOver(mailing)),
    added: isToCome ? [{ name: 'cancellation', kind: 'cancellation', dueAt: now }] : [],
    news: { action: 'keep' },
  }
}

function decideNews(content: AnnouncementContent, mailings: readonly Mailing[]): AnnouncementChange['news'] {
  const [planned] = newsOf(content)
  if (planned) return { action: 'put', planned }
  return mailings.some(({ name }) => name === NEWS) ? { action: 'remove' } : { action: 'keep' }
}

function faultsOfSent(before: Announcement, content: AnnouncementContent): FieldError[] {
  const detail = 'stays as it is: e-mails have begun to go out'
  const faults: [boolean, string][] = [
    [before.audience !== content.audience, 'audience'],
    [before.clientTypes.join() !== content.clientTypes.join(), 'clientTypes'],
    [before.email?.at !== content.email?.at, 'email'],
  ]
  return faults.flatMap(([isFault, field]) => (isFault ? [{ field, detail }] : []))
}

/** What somebody who has signed up, or a calendar, would have to know. */
function eventText({ title, event }: AnnouncementContent): string {
  return JSON.stringify(event && [title, event.startsAt, event.endsAt, event.timeZone, event.link ?? ''])
}
