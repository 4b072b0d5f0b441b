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

/** An account's credit with the lots that expire: by then, and those of the next instant after it. */
export type CreditUntil = { head: Head; lots: Lot[] }

/** What of an account's available credit may be used at an instant, and what of it expires next. */
export async function readCreditAt(
  ledger: LotReader,
  accountId: string,
  at: string,
): Promise<CreditAt | undefined> {
  const read = await readCreditUntil(ledger, accountId, at)
  return read && creditAt(read, at)
}

/** Enough to say what may be used at any instant up to `until`, all of one moment. */
export async function readCreditUntil(
  ledger: LotReader,
  accountId: string,
  until: string,
): Promise<CreditUntil | undefined> {
  return ledger.readLots(accountId, {
    isWanted: ({ expiresAt }, before) => {
      if (expiresAt === undefined) return false
      const last = before.at(-1)?.expiresAt
      return last === undefined || last <= until || last === expiresAt
    },
  })
}

/** The same as of an instant that the credit was read up to. */
export function creditAt({ head, lots }: CreditUntil, at: string): CreditAt {
  const usableMicros = head.availableMicros - sumOfLots(lots.filter((lot) => hasExpired(lot, at)))
  const left = lots.filter((lot) => !hasExpired(lot, at))
  const expiresAt = left[0]?.expiresAt
  if (expiresAt === undefined) return { head, usableMicros }
  const amountMicros = sumOfLots(left.filter((lot) => lot.expiresAt === expiresAt))
  return { head, usableMicros, nextExpiry: { expiresAt, amountMicros } }
}

export function hasExpired({ expiresAt }: Pick<Lot, 'expiresAt'>, at: string): boolean {
  return expiresAt !== undefined && expiresAt <= at
}
