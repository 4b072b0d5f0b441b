import type { Head } from './entry.ts'
import { type Lot, type LotsWanted, sumOfLots } from './lot.ts'

type LotReader = {
  readLots(accountId: string, wanted?: LotsWanted): Promise<{ head: Head; lots: Lot[] } | undefined>
}

export type CreditAt = {
  head: Head
  /** Available, without what has expired by then though its entry may be still to come. */
  usableMicros: bigint
  /** What expires next after it, and when: all lots of that instant together. */
  nextExpiry?: { expiresAt: string; amountMicros: bigint }
}

/** What of an account's available credit may be used at an instant, and what of it expires next. */
export async function readCreditAt(
  ledger: LotReader,
  accountId: string,
  at: string,
): Promise<CreditAt | undefined> {
  const read = await ledger.readLots(accountId, {
    isWanted: ({ expiresAt }, before) => {
      if (expiresAt === undefined) return false
      const last = before.at(-1)?.expiresAt
      return last === undefined || last <= at || last === expiresAt
    },
  })
  if (!read) return undefined
  const { head, lots } = read
  const usableMicros = head.availableMicros - sumOfLots(lots.filter((lot) => hasExpired(lot, at)))
  const next = lots.filter((lot) => !hasExpired(lot, at))
  if (next.length === 0) return { head, usableMicros }
  return { head, usableMicros, nextExpiry: { expiresAt: next[0]!.expiresAt!, amountMicros: sumOfLots(next) } }
}

export function hasExpired({ expiresAt }: Pick<Lot, 'expiresAt'>, at: string): boolean {
  return expiresAt !== undefined && expiresAt <= at
}
