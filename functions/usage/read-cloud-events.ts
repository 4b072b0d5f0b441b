import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { instantSchema } from '../edge/instant.ts'
import type { FieldError } from '../edge/problem.ts'
import { FORBIDDEN_MEMBER_DETAIL, fieldErrors, findForbiddenMember } from '../edge/read-request.ts'
import { serviceNameSchema } from '../prices/price.ts'
import { LARGEST_NUMBER } from './numbered-keys.ts'
import type { UsageEvent } from './usage-event.ts'

export const MOST_EVENTS_PER_REQUEST = 1000
const LARGEST_QUANTITY = 1_000_000_000_000
const LONGEST_USE_SECONDS = 31 * 86_400
const FURTHEST_AHEAD_MILLISECONDS = 24 * 3_600_000
export const TOO_FAR_AHEAD = 'is more than 24 hours ahead'

const MOST_ATTRIBUTES = 50
const LONGEST_ATTRIBUTE_TEXT = 500
const LONGEST_IDENTITY = 200
export const LARGEST_EVENT_BYTES = 16 * 1024

const URI_REFERENCE =
  /^(?:[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*(?:#(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?$/

/** RFC 3986: a colon in the first segment is there because a scheme comes before it. */
function isUriReference(text: string): boolean {
  if (!URI_REFERENCE.test(text)) return false
  const firstSegment = /^[^/?#]*/.exec(text)![0]
  return !firstSegment.includes(':') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(firstSegment)
}

/** Halves of characters and the two code points that no queue carries (SQS takes the characters of XML 1.0). */
const isCarried = (text: string) => !/[\p{Cs}\uFFFE\uFFFF]/u.test(text)
const hasControlCharacter = (text: string) => /\p{Cc}/u.test(text)
const NOT_CARRIED = 'holds a character that is none (a lone surrogate, U+FFFE or U+FFFF)'

export const sourceSchema = z
  .string()
  .min(1)
  .max(LONGEST_IDENTITY)
  .refine(isUriReference, 'must be a URI-reference (RFC 3986)')
  .meta({ description: 'CloudEvents source: a URI-reference', examples: ['urn:switch:berlin-1'] })

export const eventIdSchema = z
  .string()
  .min(1)
  .max(LONGEST_IDENTITY)
  .refine((text) => !hasControlCharacter(text), 'must not hold control characters')
  .refine(isCarried, NOT_CARRIED)
  .meta({ description: 'CloudEvents id: unique within its source' })

/** `constructor` is left out because the database client takes a map with such a member for a class of its own. */
export const usedServiceSchema = serviceNameSchema
  .refine((name) => name !== 'constructor', 'is a reserved name')
  .meta({ description: 'the service that was used, as prices name it', examples: ['voice.call'] })

export const quantitySchema = z.int().min(0).max(LARGEST_QUANTITY).meta({ description: 'whole units' })
export const secondsSchema = z.int().min(0).max(LONGEST_USE_SECONDS).meta({ description: 'whole seconds' })

export const attributeValueSchema = z.union(
  [z.string().max(LONGEST_ATTRIBUTE_TEXT).refine(isCarried, NOT_CARRIED), z.int()],
  `must be a text of at most ${LONGEST_ATTRIBUTE_TEXT} characters or a whole number`,
)

const dataSchema = z
  .object({ quantity: quantitySchema.optional(), seconds: secondsSchema.optional() })
  .catchall(attributeValueSchema)
  .superRefine((data, context) => {
    const refuse = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path })
    if (data.quantity === undefined && data.seconds === undefined) refuse('must have a quantity or seconds')
    const names = Object.keys(data)
    if (names.length > MOST_ATTRIBUTES) refuse(`must have at most ${MOST_ATTRIBUTES} members`)
    for (const name of names) {
      if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)) refuse('is not the name of an attribute', name)
    }
  })

const JSON_CONTENT = /^application\/(?:[\w.-]+\+)?json(?:\s*;.*)?$/i

/**
 * A source that numbers its events says so by this `sequencetype`: they count from 1 by 1, here per account. The numbers
 * may have leading zeros; unlike there, they go on past 32 bits and never wrap.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md
 */
export const NUMBERING = 'Integer'
const NOT_A_NUMBER = `must be a whole number from 1 to ${LARGEST_NUMBER} in decimal digits, as sequencetype is "${NUMBERING}"`

/** The number in a `sequence` of a source that numbers; undefined for any other text. */
export function readNumber(text: string | undefined): number | undefined {
  const digits = /^0*([1-9][0-9]{0,14})$/.exec(text ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** CloudEvents 1.0, JSON format, structured mode: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
export const cloudEventSchema = z
  .object({
    specversion: z.literal('1.0', 'must be "1.0"'),
    id: eventIdSchema,
    source: sourceSchema,
    type: usedServiceSchema,
    subject: accountIdSchema,
    time: instantSchema,
    datacontenttype: z.string().regex(JSON_CONTENT, 'must be a JSON type: data is sent as JSON').optional(),
    dataschema: z.string().max(2000).refine(isUriReference, 'must be a URI').optional(),
    sequence: z.string().min(1).max(100).refine(isCarried, NOT_CARRIED).optional(),
    sequencetype: z.string().min(1).max(100).optional(),
    data: dataSchema,
    data_base64: z.never('is not taken here: send data as JSON').optional(),
  })
  .catchall(
    z.union(
      [z.string().max(2000), z.boolean(), z.int32(), z.null()],
      'must be a text, a boolean or a whole number of 32 bits: an extension attribute has no structure',
    ),
  )
  .superRefine((event, context) => {
    if (event.sequencetype === NUMBERING && readNumber(event.sequence) === undefined)
      context.addIssue({ code: 'custom', message: NOT_A_NUMBER, path: ['sequence'] })
    for (const name of Object.keys(event)) {
      if (name === 'data_base64' || /^[a-z0-9]+$/.test(name)) continue
      const message = 'is not the name of an attribute: those have lower-case letters and digits only'
      context.addIssue({ code: 'custom', message, path: [name] })
    }
  })
  .meta({ id: 'UsageEvent', description: 'A CloudEvent of version 1.0' })

export type ReadEvent = { ok: true; event: UsageEvent } | { ok: false; errors: FieldError[] }

/** A source's clock may run ahead of ours; further ahead than a day, the time is a mistake. */
export function isTooFarAhead(time: string, now: Date): boolean {
  return Date.parse(time) > now.getTime() + FURTHEST_AHEAD_MILLISECONDS
}

/** Reads one CloudEvent as a usage event, or names every field that is wrong. */
export function readCloudEvent(value: unknown, now: Date): ReadEvent {
  const forbidden = findForbiddenMember(value)
  if (forbidden) return refuse(forbidden, FORBIDDEN_MEMBER_DETAIL)
  const result = cloudEventSchema.safeParse(value)
  if (!result.success) return { ok: false, errors: fieldErrors(result.error, 'event') }
  const { id, source, type, subject, time, sequence, sequencetype, data } = result.data
  if (isTooFarAhead(time, now)) return refuse('time', TOO_FAR_AHEAD)
  const { quantity, seconds, ...rest } = data
  const attributes = rest as UsageEvent['attributes']
  const event: UsageEvent = {
    source,
    id,
    accountId: subject,
    service: type,
    at: time,
    ...(sequencetype === NUMBERING ? { number: readNumber(sequence) } : { sequence }),
    quantity,
    seconds,
    attributes,
  }
  if (Buffer.byteLength(JSON.stringify(event)) > LARGEST_EVENT_BYTES) {
    return refuse('data', `makes the event larger than ${LARGEST_EVENT_BYTES} bytes`)
  }
  return { ok: true, event }
}

function refuse(field: string, detail: string): ReadEvent {
  return { ok: false, errors: [{ field, detail }] }
}
