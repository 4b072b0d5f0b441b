import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { money } from '../ledger/money.ts'
import type { TrialPage, TrialPosition } from './trial-balance.ts'

const accountPosition = z.strictObject({ createdAt: z.iso.datetime(), accountId: accountIdSchema })
const countSchema = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(BigInt)
const positionSchema = z.union([
  accountPosition.transform((after): TrialPosition => ({ after })),
  accountPosition
    .extend({
      currency: z.string().regex(/^[A-Z]{3}$/),
      ...{ sequence: countSchema, upTo: countSchema },
      differenceMicros: z
        .string()
        .regex(/^-?\d{1,38}$/)
        .transform(BigInt),
    })
    .transform((part): TrialPosition => ({ part })),
])

/** Where a trial balance goes on. */
export function readTrialPosition(cursor: string | undefined): TrialPosition {
  return readCursor(positionSchema, cursor) ?? {}
}

/** A page as the API shows it. */
export function presentTrialPage({ accountCount, sums, unbalanced, next }: TrialPage) {
  return {
    accountCount,
    lines: [...sums].flatMap(([currency, amounts]) =>
      Object.entries(amounts).map(([account, amountMicros]) => ({
        account,
        sum: money(amountMicros, currency),
      })),
    ),
    unbalanced: unbalanced.map(({ accountId, currency, differenceMicros }) => ({
      accountId,
      difference: money(differenceMicros, currency),
    })),
    nextCursor: next && writeCursor(textsOf(next)),
  }
}

function textsOf({ after, part }: TrialPosition): Record<string, string> {
  const { createdAt, accountId } = (part ?? after)!
  if (!part) return { createdAt, accountId }
  const { currency, sequence, upTo, differenceMicros } = part
  return {
    ...{ createdAt, accountId, currency, sequence: `${sequence}`, upTo: `${upTo}` },
    differenceMicros: `${differenceMicros}`,
  }
}
