import { z } from 'zod'
import { invalidField } from './problem.ts'

const LONGEST_CURSOR_CHARACTERS = 1024

/** The query parameter that continues a list. Its inside is nobody's business but ours, so that it may change. */
export const cursorSchema = z
  .string()
  .max(LONGEST_CURSOR_CHARACTERS)
  .meta({ description: 'the `nextCursor` of the page before, as it came' })

/** Where a list continues, as an opaque text: JSON in base64url. */
export function writeCursor(position: Record<string, string>): string {
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url')
}

/** Reads a cursor back; throws the `Problem` that names `cursor` for anything that `writeCursor` did not write for such a list. */
export function readCursor<Schema extends z.ZodType>(
  schema: Schema,
  cursor: string | undefined,
): z.output<Schema> | undefined {
  if (cursor === undefined) return undefined
  const result = schema.safeParse(parse(cursor))
  if (!result.success)
    throw invalidField('cursor', 'is not a cursor of this list; send `nextCursor` as it came')
  return result.data
}

function parse(cursor: string): unknown {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/** How many lines a page has at most. */
export function limitSchema(largest: number, usual: number) {
  return z
    .string()
    .regex(/^\d{1,4}$/, `must be a whole number from 1 to ${largest}`)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= largest, `must be a whole number from 1 to ${largest}`)
    .optional()
    .transform((limit) => limit ?? usual)
    .meta({
      description: `lines per page, from 1 to ${largest}`,
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern
        Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum: largest, default: usual })
      },
    })
}
