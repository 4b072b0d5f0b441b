import { z } from 'zod'

/**
 * A text that stands on a statement: one line, of whole characters. Half a character would come back from the database as
 * another one, and the entry's hash would prove it changed.
 */
export function lineTextSchema(longest: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine(
      (text) => !/[\p{Cc}\p{Cs}]/u.test(text),
      'must not hold control characters or halves of characters',
    )
}
