import { z } from 'zod'
import { PRIVACY_KINDS, PRIVACY_STATUSES, type PrivacyRequest, SCOPES } from './privacy-request.ts'

const answerLineReply = z.object({
  what: z.string(),
  outcome: z.enum(['erased', 'pseudonymised', 'kept']),
  count: z.string().optional().meta({ description: 'how many things it was' }),
  why: z.string(),
  until: z.string().optional().meta({ description: 'until when what stays is kept' }),
})

export const privacyRequestReply = z
  .object({
    requestId: z.string(),
    accountId: z.string(),
    kind: z.enum(PRIVACY_KINDS),
    subject: z.object({
      type: z.enum(['account', 'person']),
      email: z.string().optional().meta({ description: 'gone once an erasure is done' }),
      scope: z.enum(SCOPES).optional(),
    }),
    status: z.enum(PRIVACY_STATUSES),
    receivedAt: z.string(),
    dueAt: z.string().meta({ description: 'by when it has to be answered: GDPR, article 12(3)' }),
    extension: z.object({ reason: z.string(), at: z.string() }).optional(),
    blockedBy: z.string().optional().meta({ description: 'what somebody has to do before it goes on' }),
    export: z
      .object({ sizeBytes: z.string(), readyAt: z.string(), expiresAt: z.string() })
      .optional()
      .meta({ description: 'to be fetched with POST …/download' }),
    answer: z
      .array(answerLineReply)
      .optional()
      .meta({ description: 'of an erasure: what went, what stays, why, and until when' }),
    finishedAt: z.string().optional(),
  })
  .meta({ id: 'PrivacyRequest' })

/** The same for staff: how it came and who asked. */
export const staffPrivacyRequestReply = privacyRequestReply
  .extend({
    origin: z.enum(['client', 'staff']),
    askedBy: z.string(),
    note: z.string().optional(),
    isNearDeadline: z.boolean(),
  })
  .meta({ id: 'StaffPrivacyRequest' })

/** What stands in the place of what names an account that not everybody who sees the request belongs to. */
const BLOCKED_ELSEWHERE = 'The person has to do something first; they can read what.'

/** `toAll`: to the person or to staff. An owner is not told in which other accounts a member is. */
export function presentRequest(
  request: PrivacyRequest,
  { toAll }: { toAll: boolean },
): z.infer<typeof privacyRequestReply> {
  const { requestId, accountId, kind, subject, status, receivedAt, dueAt, extension } = request
  const { export: file, answer, finishedAt } = request
  const isElsewhereToo = subject.type === 'person' && subject.scope === 'all_accounts'
  const blockedBy = request.blockedBy && isElsewhereToo && !toAll ? BLOCKED_ELSEWHERE : request.blockedBy
  return {
    ...{ requestId, accountId, kind, status, receivedAt, dueAt, blockedBy, finishedAt },
    subject:
      subject.type === 'account'
        ? { type: 'account' }
        : { type: 'person', email: subject.email, scope: subject.scope },
    extension: extension && { reason: extension.reason, at: extension.at },
    export: file && {
      sizeBytes: file.sizeBytes.toString(),
      readyAt: file.readyAt,
      expiresAt: file.expiresAt,
    },
    answer: answer?.lines,
  }
}

export function presentForStaff(request: PrivacyRequest): z.infer<typeof staffPrivacyRequestReply> {
  const { origin, askedBy, note, deadlineToldAt, status } = request
  const isNearDeadline = status !== 'done' && deadlineToldAt !== undefined
  return { ...presentRequest(request, { toAll: true }), origin, askedBy, note, isNearDeadline }
}
