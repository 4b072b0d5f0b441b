import { z } from 'zod'
import type { Caller } from '../edge/caller.ts'
import { sha256Schema } from '../edge/sha256.ts'
import { lineSchema } from '../edge/text.ts'
import type { Purpose } from './purposes.ts'

/** Where it was decided: on a page behind the sign-in, on the page of a link, by the button of a mail program (RFC 8058), or withdrawn by the person's erasure. */
export const CHANNELS = ['signed_in', 'link', 'mail_program', 'erasure'] as const

/** One decision of a person, for good, under `PERSON#<id>` / `CONSENT#<purpose>#<number>`; the last one stands under `CONSENT#<purpose>` as well. */
export type ConsentRecord = {
  purpose: Purpose
  /** Counts the person's decisions of this purpose, from 1. */
  number: bigint
  decision: 'given' | 'withdrawn'
  /** What was shown. */
  wording: string
  wordingVersion: string
  wordingSha256: string
  /** The words on what was pressed. */
  pressed: string
  at: string
  channel: (typeof CHANNELS)[number]
  /** Absent where a link came from a person of whom nothing is kept any more. */
  email?: string
  /** Of whoever was signed in. */
  subject?: string
  signIn?: Caller['signIn']
  /** From the trusted hop. */
  sourceIp: string
  userAgent: string
}

/** A person's last decisions by purpose; a purpose that nobody has decided is missing, and means no. */
export type Consents = Partial<Record<Purpose, ConsentRecord>>

export function isGiven(record: Pick<ConsentRecord, 'decision'> | undefined): boolean {
  return record?.decision === 'given'
}

const pressedSchema = lineSchema(200).meta({ description: 'the words on what was pressed' })

/** Giving takes the wording that was shown and the state that it was shown with; withdrawing takes nothing. */
export const decisionSchema = z.discriminatedUnion('decision', [
  z.strictObject({
    decision: z.literal('given'),
    wordingSha256: sha256Schema.meta({ description: 'of the wording that was shown' }),
    revision: z
      .int()
      .min(0)
      .meta({ description: 'as it was read: a request that comes late gives nothing again' }),
    pressed: pressedSchema,
  }),
  z.strictObject({ decision: z.literal('withdrawn'), pressed: pressedSchema.default('Withdraw') }),
])
