import { hasExpired } from './credit-at.ts'
import { type AccountUnavailable, mirror, refuseUnavailable, type Undone } from './decide-movement.ts'
import type { Entry, EntryDraft, Head } from './entry.ts'
import { drawnBy, type LotChange, returnLots } from './lot.ts'

/** An entry that charged something, and what of it has been undone so far. */
export type Charged = { entry: Entry; undone: Undone }
/** What is given back of a charge. */
export type RefundedPart = Charged & { amountMicros: bigint }

/** What of a charge has not been undone. */
export function leftOfCharge({ entry, undone }: Charged): bigint {
  if (undone.isReversed || entry.amountMicros >= 0n) return 0n
  return -entry.amountMicros - undone.undoneMicros
}

/** What of that can be given back at an instant: nothing that would return to a lot that has expired, where it would be lost at once. */
export function lastingOfCharge(charge: Charged, at: string): bigint {
  const { entry, undone } = charge
  const lots = returnLots(drawnBy(entry), leftOfCharge(charge), undone.undoneMicros)
  const expired = lots.findIndex((lot) => hasExpired(lot, at))
  const lasting = expired < 0 ? lots : lots.slice(0, expired)
  return lasting.reduce((sum, { changeMicros }) => sum + changeMicros, 0n)
}

/**
 * Gives back parts of several charges by one entry, each to the lots that it was drawn from, as a refund of it would. That
 * `undone` of each is still so has to be a condition of the write.
 */
export function refundCharges(
  head: Head,
  parts: readonly RefundedPart[],
  said: Omit<EntryDraft, 'postings' | 'lots' | 'reverses'>,
): { ok: true; draft: EntryDraft } | AccountUnavailable {
  const unavailable = refuseUnavailable(head)
  if (unavailable) return unavailable
  const lots = parts.flatMap(({ entry, undone, amountMicros }) =>
    returnLots(drawnBy(entry), amountMicros, undone.undoneMicros),
  )
  const lines = parts.flatMap(({ entry, undone, amountMicros }) =>
    mirror(entry, amountMicros, undone.undoneMicros),
  )
  const postings = [...Map.groupBy(lines, ({ account }) => account)].map(([account, own]) => ({
    account,
    amountMicros: own.reduce((sum, line) => sum + line.amountMicros, 0n),
  }))
  return { ok: true, draft: { ...said, postings, lots: sumByLot(lots) } }
}

function sumByLot(changes: readonly LotChange[]): LotChange[] {
  return [...Map.groupBy(changes, ({ lot }) => lot).values()].map((own) => ({
    ...own[0]!,
    changeMicros: own.reduce((sum, { changeMicros }) => sum + changeMicros, 0n),
  }))
}
