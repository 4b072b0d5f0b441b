import { createHash } from 'node:crypto'
import { z } from 'zod'

/** The SHA-256 of a text in UTF-8, in hexadecimal digits: what anyone can compute from the file. */
export function sha256OfText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in 64 hexadecimal digits, in small letters')
