import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { instantSchema } from '../edge/instant.ts'
import { defineRoute } from '../edge/route.ts'
import { lineSchema } from '../edge/text.ts'
import { moneyReply } from '../ledger/money.ts'
import { explainedTransactionReply } from '../statements/present-entry.ts'
import { LARGEST_NUMBER } from './numbered-keys.ts'
import { eventIdSchema, MOST_EVENTS_PER_REQUEST, readNumber, sourceSchema } from './read-cloud-events.ts'
import { usageRoutes } from './usage.routes.ts'

const SINGLE_EVENT = 'application/cloudevents+json'
export const EVENT_BATCH = 'application/cloudevents-batch+json'
const LARGEST_BODY_BYTES = 1024 * 1024

const usageEventReference = { $ref: '#/components/schemas/UsageEvent' }

/** Events are read one by one, so that a malformed one leaves the others accepted: as a body, anything may come. */
const usageBody = z.unknown().meta({
  id: 'UsageRequest',
  description: `One CloudEvent (${SINGLE_EVENT}), or a list of at most ${MOST_EVENTS_PER_REQUEST} (${EVENT_BATCH}), in structured mode.`,
  override: {
    oneOf: [
      usageEventReference,
      { type: 'array', maxItems: MOST_EVENTS_PER_REQUEST, items: usageEventReference },
    ],
  },
})

const verdictReply = z.object({
  index: z.int().meta({ description: 'place in the request, from 0' }),
  source: z.string().optional(),
  id: z.string().optional(),
  verdict: z.enum(['accepted', 'rejected']),
  errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
})

export const takeUsageReply = z
  .object({ accepted: z.int(), rejected: z.int(), events: z.array(verdictReply) })
  .meta({ id: 'UsageVerdicts' })

export const usageReply = z
  .object({
    source: z.string(),
    id: z.string(),
    sequence: z.string().optional().meta({ description: 'of an event that its source numbered' }),
    accountId: z.string(),
    service: z.string(),
    time: z.string(),
    verdict: z.enum(['deducted', 'refused', 'reconciled']).meta({
      description: '`reconciled`: the record of a session that its hold pays; it is not charged again',
    }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'why it was refused', examples: ['insufficient_credit', 'no_price'] }),
    field: z.string().optional(),
    amount: moneyReply.meta({ description: 'what was deducted; zero if refused' }),
    reconciled: z
      .object({
        holdId: z.string(),
        status: z.enum(['held', 'captured', 'expired']),
        cost: moneyReply.meta({ description: 'what the record says that the session cost' }),
        captured: moneyReply.optional().meta({ description: 'what was charged; absent while it is held' }),
        difference: moneyReply.optional().meta({ description: 'cost less what was charged' }),
      })
      .optional()
      .meta({ description: 'the hold that pays for it' }),
    availableBefore: moneyReply,
    availableAfter: moneyReply,
    explanation: z
      .looseObject({})
      .optional()
      .meta({ description: 'price version, quantity, steps and rounding' }),
    transaction: z.int().meta({ description: 'number of the transaction that holds it' }),
    decidedAt: z.string(),
  })
  .meta({ id: 'UsageOutcome' })

const numberText = z
  .string()
  .meta({ description: 'number in the source’s own numbering for the account', examples: ['17'] })

/** Numbers of a source that have not come. */
const missingReply = z.object({ from: numberText, to: numberText })

export const parkedReply = z
  .object({
    source: z.string(),
    id: z.string(),
    sequence: numberText,
    accountId: z.string(),
    service: z.string(),
    time: z.string(),
    verdict: z.literal('parked'),
    waitsFor: missingReply
      .optional()
      .meta({ description: 'the numbers that have to come, or be released, before it is decided' }),
    since: z.string().optional(),
  })
  .meta({ id: 'ParkedUsage', description: 'An event that waits for missing numbers of its source' })

const readResponses = {
  200: { description: 'What became of the event', schema: z.union([usageReply, parkedReply]) },
}

export const takeUsage = defineRoute({
  route: usageRoutes.takeUsage,
  summary: 'Send usage events (CloudEvents 1.0), one or a batch; each gets its own verdict',
  tag: 'Usage',
  callers: ['usage', 'staff'],
  body: usageBody,
  contentTypes: [SINGLE_EVENT, EVENT_BATCH],
  checksEachMember: true,
  largestBodyBytes: LARGEST_BODY_BYTES,
  responses: {
    202: { description: 'What was accepted is queued and will be decided once', schema: takeUsageReply },
  },
  problems: ['request_invalid', 'account_not_found', 'body_too_large', 'media_type_unsupported', 'busy'],
})

const sequenceQuery = z
  .string()
  .refine((text) => readNumber(text) !== undefined, 'must be a whole number from 1, in decimal digits')
  .transform((text) => readNumber(text)!)
  .meta({
    description: 'number of a numbered event; needs accountId',
    override: ({ jsonSchema }) => Object.assign(jsonSchema, { type: 'string', examples: ['17'] }),
  })

const findQuery = z
  .strictObject({
    source: sourceSchema,
    id: eventIdSchema.optional(),
    sequence: sequenceQuery.optional(),
    accountId: accountIdSchema
      .optional()
      .meta({ description: 'a numbered event is looked for on this account; others need none' }),
    from: instantSchema
      .optional()
      .meta({ description: 'a numbered event of this id was taken at this instant or later' }),
    to: instantSchema.optional().meta({ description: 'and before this one' }),
  })
  .superRefine(({ id, sequence, accountId, from, to }, context) => {
    const refuse = (field: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: [field] })
    if (id === undefined && sequence === undefined) refuse('id', 'is needed, or sequence with accountId')
    if (id !== undefined && sequence !== undefined) refuse('sequence', 'stands alone: leave out id')
    if (sequence !== undefined && accountId === undefined)
      refuse('accountId', 'is needed: numbers count per account')
    if ((from ?? to) !== undefined && (id === undefined || accountId === undefined))
      refuse(from === undefined ? 'to' : 'from', 'bounds the search for an id on an account')
    if (from !== undefined && to !== undefined && from >= to) refuse('to', 'must be later than from')
  })

export const findUsage = defineRoute({
  route: usageRoutes.findUsage,
  // API Gateway decodes a path twice and cuts it off at a "?": only a query carries such texts as they are.
  summary:
    'What became of an event, by its id or its number; also where its source or id holds a "/", "?" or "%"',
  tag: 'Usage',
  callers: ['usage', 'staff', 'client'],
  query: findQuery,
  responses: readResponses,
  problems: ['request_invalid', 'usage_event_not_found', 'sequence_released'],
})

export const readUsage = defineRoute({
  route: usageRoutes.readUsage,
  summary: 'What became of an event',
  tag: 'Usage',
  callers: ['usage', 'staff', 'client'],
  params: z.object({ source: sourceSchema, id: eventIdSchema }),
  responses: readResponses,
  problems: ['usage_event_not_found'],
})

const sourceReply = z
  .object({
    source: z.string(),
    firstTakenAt: z.string(),
    lastSequence: z
      .string()
      .meta({ description: 'the last number that was decided or given up; "0" before the first' }),
    isWaiting: z.boolean().meta({ description: 'later events wait for missing ones' }),
    missing: missingReply.optional().meta({ description: 'what has to come, or be released' }),
    waitingSince: z.string().optional(),
  })
  .meta({ id: 'UsageSource' })

const accountParams = z.strictObject({ accountId: accountIdSchema })

export const listUsageSources = defineRoute({
  route: usageRoutes.listUsageSources,
  summary: 'The sources that number their events on an account: how far each has come, and what it lacks',
  tag: 'Usage',
  callers: ['usage', 'staff', 'client'],
  params: accountParams,
  query: z.strictObject({ limit: limitSchema(100, 50), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page',
      schema: z.object({ sources: z.array(sourceReply), nextCursor: z.string().optional() }),
    },
  },
  problems: ['account_not_found', 'terms_required'],
})

export const releaseGap = defineRoute({
  route: usageRoutes.releaseGap,
  summary: 'Give up numbers of a source that do not come, so that what waits for them is decided; staff',
  tag: 'Usage',
  callers: ['staff'],
  params: accountParams,
  body: z
    .strictObject({
      source: sourceSchema,
      through: z
        .int()
        .min(1)
        .max(LARGEST_NUMBER)
        .meta({ description: 'the last of the missing numbers that is given up; all before it are, too' }),
      reason: lineSchema(500).meta({ description: 'stands on the account’s history' }),
    })
    .meta({ id: 'GapReleaseRequest' }),
  idempotent: true,
  responses: {
    201: {
      description: 'The transaction, of zero; what waited and could go on is decided',
      schema: explainedTransactionReply,
    },
  },
  problems: [
    'account_not_found',
    'usage_source_not_found',
    'nothing_waits',
    'request_invalid',
    'idempotency_key_reused',
    'busy',
  ],
})

export const usageApi = [takeUsage, findUsage, readUsage, listUsageSources, releaseGap]
