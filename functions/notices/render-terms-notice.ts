import { localDateTime } from '../accounts/billing-period.ts'
import type { NoticeContent } from './lay-out-notice.ts'
import type { NoticeEvent } from './notice.ts'

type TermsEvent = Extract<NoticeEvent, { detailType: 'terms.published' | 'terms.reminder' }>

const MOST_ACCOUNTS_NAMED = 10

/** A new version, or that one has not been answered yet: what it is, what changes, by when to answer, and what happens else. */
export function tellOfTerms(
  { detailType, detail }: TermsEvent,
  timeZone: string,
  otherAccounts: readonly string[],
): Omit<NoticeContent, 'accountName'> {
  const { kind, title, effectiveAt, requiredAt, summary, termsUrl } = detail
  const moment = (instant: string) => `${localDateTime(instant, timeZone)} (${timeZone})`
  const verb = kind === 'statement' ? 'acknowledge' : 'accept'
  const isAsked = requiredAt !== undefined
  const isReminder = detailType === 'terms.reminder'
  return {
    subject: subjectOf(detail, verb, isReminder, timeZone),
    paragraphs: [
      isReminder
        ? `Nobody has answered the new version of “${title}” for your account yet.`
        : `There is a new version of “${title}”.`,
      ...(summary === undefined ? [] : ['What changes:', ...summary.split(/\n+/)]),
      ...(isAsked ? whatIsAsked(detail, requiredAt, verb, moment) : [whatIsNot(detail)]),
      ...nameOthers(otherAccounts),
    ],
    figures: [
      ['Document', title],
      ['Version', detail.version],
      ['Class', CLASSES[detail.class]],
      ['In effect from', moment(effectiveAt)],
      ...(isAsked ? [['To be answered by', moment(requiredAt)] as [string, string]] : []),
    ],
    action: {
      label: isAsked ? 'Read, compare and answer' : 'Read and compare',
      url: termsUrl,
    },
  }
}

const CLASSES = {
  material: 'material: it needs an answer',
  editorial: 'editorial: for your information',
} as const

function subjectOf(
  { title, requiredAt, class: termsClass }: TermsEvent['detail'],
  verb: string,
  isReminder: boolean,
  timeZone: string,
): string {
  if (requiredAt !== undefined) {
    const day = localDateTime(requiredAt, timeZone).slice(0, 10)
    return `${isReminder ? 'Reminder: please' : 'Please'} read and ${verb} “${title}” by ${day}`
  }
  return termsClass === 'material' ? `Please read: “${title}” has changed` : `“${title}” has a new version`
}

function whatIsAsked(
  { at, effectiveAt }: TermsEvent['detail'],
  requiredAt: string,
  verb: 'accept' | 'acknowledge',
  moment: (instant: string) => string,
): string[] {
  const closing =
    'you can read, export and close your account, and answer; all else waits until an owner or billing member has answered. Services that run go on for a limited time'
  if (requiredAt <= at && effectiveAt > at)
    return [
      `The version before it is in effect and has not been answered: please ${verb} that one or this one now. Until then ${closing}.`,
    ]
  if (requiredAt <= at)
    return [`It is in effect and has to be answered now: please ${verb} it. Until then ${closing}.`]
  return [
    `Please ${verb} it before ${moment(requiredAt)}. One answer of an owner or billing member is enough. If there is none by then, ${closing}.`,
  ]
}

function whatIsNot({ kind, class: termsClass }: TermsEvent['detail']): string {
  return kind === 'app_terms' && termsClass === 'material'
    ? 'You have agreed to an earlier version of it. Please read it, and answer it if you go on using the app; nothing else of your account depends on it.'
    : 'You need not do anything.'
}

/** Each account is answered for by itself. */
function nameOthers(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const named = names.slice(0, MOST_ACCOUNTS_NAMED).join(', ')
  const more =
    names.length > MOST_ACCOUNTS_NAMED ? ` and ${names.length - MOST_ACCOUNTS_NAMED} more accounts` : ''
  return [
    `You act for other accounts that it concerns, too: ${named}${more}. Each of them is answered for by itself; this is the only e-mail to you about them.`,
  ]
}
