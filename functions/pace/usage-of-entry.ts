import { z } from 'zod'
import type { Entry, EntryKind } from '../ledger/entry.ts'

const chargeSchema = z.object({ service: z.string().optional() })

/** The kinds of entries that usage may follow from, or that may give some back: what is read of the ledger's stream. */
export const KINDS_OF_USAGE = [
  'usage',
  'capture',
  'charge',
  'refund',
  'reversal',
] as const satisfies EntryKind[]

/**
 * What an entry took for usage: events, sessions, and charges of a use that was rated. Plans, one-off charges of an amount
 * and credit that expired are not usage, nor is what a session has set aside before it ends.
 */
export function usageOfEntry({ kind, amountMicros, detail }: Entry): bigint {
  const isRatedCharge = () => chargeSchema.parse(JSON.parse(detail)).service !== undefined
  if (kind === 'usage' || kind === 'capture' || (kind === 'charge' && isRatedCharge())) return -amountMicros
  return 0n
}

/** The entry of which this one gives something back; what it takes back of a credit is no matter of usage. */
export function correctedBy({ kind, reverses, amountMicros }: Entry): bigint | undefined {
  return (kind === 'refund' || kind === 'reversal') && amountMicros > 0n ? reverses : undefined
}
