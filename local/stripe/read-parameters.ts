import { z } from 'zod'
import type { FormFields } from './form-parameters.ts'
import { type PublishedSchema, published } from './published.ts'
import { invalidRequest, type StripeProblem } from './stripe-problem.ts'

/** A text of up to 5000 characters; an empty one is refused, as Stripe reserves it for unsetting. */
export const text = z
  .string()
  .min(1, 'parameter_invalid_empty')
  .max(5000, 'parameter_invalid_string_too_long')

/** A text that an empty one unsets. */
export const emptyable = z.string().max(5000, 'parameter_invalid_string_too_long')

export const integer = z
  .string()
  .regex(/^-?\d{1,15}$/, 'parameter_invalid_integer')
  .transform(Number)

export const flag = z
  .enum(['true', 'false'], 'parameter_invalid_boolean')
  .transform((value) => value === 'true')

/** An http or https address. */
export const address = text.refine(
  (value) => /^https?:\/\/\S+$/.test(value) && URL.canParse(value),
  'url_invalid',
)

export const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/, 'parameter_invalid_currency')
  .transform((value) => value.toLowerCase())

/** Up to 50 keys of up to 40 characters, values of up to 500, as Stripe's documentation of metadata has it. */
export const metadata = z
  .record(z.string().max(40, 'metadata_key_too_long'), z.string().max(500, 'metadata_value_too_long'))
  .refine((entries) => Object.keys(entries).length <= 50, 'metadata_too_many_keys')

/**
 * Metadata of an update: an empty value unsets its key, an empty text in the place of all unsets every key
 * (https://docs.stripe.com/api/metadata).
 */
export const metadataUpdate = z.union([z.literal(''), metadata])

/** The metadata of an object after an update. */
export function updateMetadata(
  before: Record<string, string> | null,
  update: z.output<typeof metadataUpdate> | undefined,
): Record<string, string> {
  if (update === '') return {}
  const merged = Object.entries({ ...before, ...update })
  return Object.fromEntries(merged.filter(([, value]) => value !== ''))
}

/** A list; the form carries it as fields named by their index. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) =>
      value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.values(value) : value,
    z.array(item).min(1, 'parameter_invalid_empty'),
  )
}

/** Every endpoint knows `expand`. */
export const expand = list(text).optional()

/** The parameters of calls that take none but `expand`. */
export const expandAlone = published<{ expand?: string[] }>()(z.strictObject({ expand }))

/**
 * Reads the parameters of a call by its schema. The first thing wrong is answered as Stripe answers it: 400
 * `invalid_request_error` with `param` in brackets and a code (`parameter_unknown`, `parameter_missing` …).
 */
export function readParameters<Schema extends PublishedSchema>(
  schema: Schema,
  fields: FormFields,
): z.output<Schema> {
  const result = schema.safeParse(fields)
  if (result.success) return result.data
  throw problemOf(result.error.issues[0]!)
}

function problemOf(issue: z.core.$ZodIssue): StripeProblem {
  if (issue.code === 'unrecognized_keys') {
    const param = nameOf([...issue.path, issue.keys[0]!])
    return invalidRequest(`Received unknown parameter: ${param}`, param, 'parameter_unknown')
  }
  const param = nameOf(issue.path)
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return invalidRequest(`Missing required param: ${param}.`, param, 'parameter_missing')
  }
  return invalidRequest(
    messageOf(issue, param),
    param,
    /^[a-z_]+$/.test(issue.message) ? issue.message : undefined,
  )
}

function messageOf(issue: z.core.$ZodIssue, param: string): string {
  if (issue.code === 'invalid_value' && issue.message !== 'parameter_invalid_boolean') {
    return `Invalid ${param}: must be one of ${issue.values.map(String).join(', ')}`
  }
  const messages: Record<string, string> = {
    parameter_invalid_empty: `You passed an empty value for '${param}'. Leave it out, or give it a value.`,
    parameter_invalid_integer: `Invalid integer: ${param}`,
    parameter_invalid_boolean: `Invalid boolean: ${param}`,
    parameter_invalid_currency: `Invalid currency: ${param} must be a three-letter ISO code`,
    url_invalid: `Not a valid URL: ${param}`,
  }
  return messages[issue.message] ?? `Invalid ${param}: ${issue.message}`
}

/** `['line_items', 0, 'price_data']` → `line_items[0][price_data]`, Stripe's way to name a parameter. */
function nameOf(path: PropertyKey[]): string {
  const [first = '', ...rest] = path.map(String)
  return `${first}${rest.map((part) => `[${part}]`).join('')}`
}
