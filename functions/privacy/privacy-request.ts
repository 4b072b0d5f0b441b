import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { hashOfAddress } from '../consents/person-key.ts'
import { daysLater } from '../edge/instant.ts'

export const PRIVACY_KINDS = ['export', 'erasure'] as const
export type PrivacyKind = (typeof PRIVACY_KINDS)[number]

/** Of a person: in the one account, or in all accounts that the person is a member of. */
export const SCOPES = ['this_account', 'all_accounts'] as const
export type Scope = (typeof SCOPES)[number]

/**
 * `working`: it is being done, or waits for its turn. `blocked`: somebody has to do something first, which `blockedBy` says;
 * each hour it is tried again. `done`: for good.
 */
export const PRIVACY_STATUSES = ['working', 'blocked', 'done'] as const
export type PrivacyStatus = (typeof PRIVACY_STATUSES)[number]

export const privacyRequestIdSchema = z
  .string()
  .regex(/^prv_[A-Za-z0-9_-]{22}$/, 'must be the id of a privacy request such as "prv_…"')

/** Whom a request is about. What is kept of a person after an erasure is a hash of the address, by which late data is found. */
export type Subject =
  | { type: 'account' }
  | {
      type: 'person'
      /** In lower case; goes when an erasure has been answered. */
      email?: string
      emailHash: string
      scope: Scope
      /** The person's subjects in tokens, as far as they are known: what entries and evidence name. */
      subjects: string[]
    }

/** A thing that an erasure has looked at: what it was, what became of it, why, and until when what stays is kept. */
export type AnswerLine = {
  what: string
  outcome: 'erased' | 'pseudonymised' | 'kept'
  count?: string
  why: string
  until?: string
}

export type PrivacyAnswer = { lines: AnswerLine[] }

/** An export's file: where it is, and until when. */
export type ExportFile = { key: string; sizeBytes: bigint; files: bigint; readyAt: string; expiresAt: string }

/** How far the work has come; each step is done again where a process died within it. */
export type Progress = {
  /** The accounts that it goes through, and which of them it is at. */
  accountIds: string[]
  place: bigint
  /** The step that it is at, and where in it. */
  step: bigint
  cursor?: string
  /** Counts of what went, by step, summed over all accounts. */
  counts: Record<string, bigint>
}

/** A request as the documents table keeps it under `ACCOUNT#<id>` / `PRIVACY#<request id>`; replaced whole on its revision. */
export type PrivacyRequest = {
  requestId: string
  accountId: string
  kind: PrivacyKind
  subject: Subject
  status: PrivacyStatus
  origin: 'client' | 'staff'
  /** Who asked, as evidence names people: `person:<sub>` or `machine:<client id>`. */
  askedBy: string
  requestHash: string
  /** How it reached the operator, where it did so otherwise. */
  note?: string
  /** When the operator had it: the deadline counts from here. */
  receivedAt: string
  dueAt: string
  extension?: { reason: string; at: string; by: string; toldAt?: string }
  /** Where the answer goes; forgotten once it has been sent. */
  replyTo?: string
  progress: Progress
  blockedBy?: string
  /** Nobody else works on it until then. */
  leaseUntil?: string
  /** Staff have been told that the deadline is near. */
  deadlineToldAt?: string
  export?: ExportFile
  answer?: PrivacyAnswer
  finishedAt?: string
  /** When late data is looked for once more, and whether that was done. */
  sweepAt?: string
  sweptAt?: string
  revision: bigint
}

/** Staff are told so many days before a deadline. */
export const DEADLINE_NOTICE_DAYS = 7
/** Longer than any queue, stream or dead-letter queue keeps what might still come. */
export const SWEEP_AFTER_DAYS = 15

/** One month from receipt, or three once it was extended: GDPR, article 12(3). The month ends on its last day where it has no such day. */
export function dueAt(receivedAt: string, isExtended: boolean): string {
  const received = Temporal.Instant.from(receivedAt).toZonedDateTimeISO('UTC')
  const due = received.add({ months: isExtended ? 3 : 1 })
  return new Date(due.epochMilliseconds).toISOString()
}

/** The deadline is near and staff have not been told yet. */
export function isDeadlineToBeTold(request: PrivacyRequest, now: string): boolean {
  if (request.status === 'done' || request.deadlineToldAt !== undefined) return false
  return daysLater(now, DEADLINE_NOTICE_DAYS) >= request.dueAt
}

/** What of two open requests is the same: only one of it is worked on at a time. */
export function subjectKey(subject: Subject): string {
  return subject.type === 'account' ? 'account' : `person#${subject.emailHash}`
}

/** An order that is about a person and not the account as a whole. */
export function concernsPerson(subject: Subject, email: string | undefined): boolean {
  return subject.type === 'person' && email !== undefined && subject.emailHash === hashOfAddress(email)
}
