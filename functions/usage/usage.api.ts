import { z } from 'zod'
import { defineRoute } from '../edge/route.ts'
import { moneyReply } from '../ledger/money.ts'
import { eventIdSchema, MOST_EVENTS_PER_REQUEST, sourceSchema } from './read-cloud-events.ts'
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

const readResponses = { 200: { description: 'What became of the event', schema: usageReply } }

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

export const findUsage = defineRoute({
  route: usageRoutes.findUsage,
  // API Gateway decodes a path twice and cuts it off at a "?": only a query carries such texts as they are.
  summary: 'What became of an event, also where its source or id holds a "/", "?" or "%"',
  tag: 'Usage',
  callers: ['usage', 'staff', 'client'],
  query: z.strictObject({ source: sourceSchema, id: eventIdSchema }),
  responses: readResponses,
  problems: ['usage_event_not_found'],
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

export const usageApi = [takeUsage, findUsage, readUsage]
