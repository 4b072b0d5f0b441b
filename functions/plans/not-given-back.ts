import { smaller } from '../ledger/lot.ts'
import { type Charged, lastingOfCharge, leftOfCharge, type RefundedPart } from '../ledger/refund-charges.ts'
import type { PeriodDocument, PeriodMovement } from './period-document.ts'

/** What of a month's document says what was charged for it, and what it was lowered by without giving it back. */
type Paid = Pick<PeriodDocument, 'movements' | 'notGivenBackMicros'>
type PaidAfter = Required<Paid>

/** A charge of a month, and the first day of the month that it was for. */
export type MonthCharge = Charged & { firstDay: number }

/**
 * What a month is lowered by, shared among its charges, the newest first (`charges` are in that order), of each as much as is for days
 * to come. Nothing is given back of what was drawn of credit that has expired since, and no older charge instead of it: who
 * adds for a gift that expires, and removes after it has, gets nothing of what was bought. What had been refunded of the month
 * counts last. What is not given back is kept for what the month is raised by later.
 */
export function lowerMonth(
  month: Paid | undefined,
  charges: readonly MonthCharge[],
  loweredMicros: bigint,
  { at, day, daysInMonth }: { at: string; day: number; daysInMonth: number },
): PaidAfter & { parts: RefundedPart[] } {
  const { movements = [], notGivenBackMicros = 0n } = month ?? {}
  const expired = new Map(movements.map(({ sequence, expiredMicros = 0n }) => [sequence, expiredMicros]))
  const keptOf = ({ entry }: Charged) => expired.get(entry.sequence) ?? 0n
  const own = charges.map((charge) => beyond(leftOfCharge(charge), keptOf(charge)))
  const daysToCome = BigInt(daysInMonth - day)
  const toCome = charges.map(({ entry, firstDay }) => {
    const days = BigInt(daysInMonth - firstDay + 1)
    return (-entry.amountMicros * daysToCome + days - 1n) / days
  })
  const shares = share(loweredMicros, own, toCome)
  const parts = charges.flatMap((charge, index) => {
    const amountMicros = smaller(shares[index]!, lastingOfCharge(charge, at))
    expired.set(charge.entry.sequence, keptOf(charge) + shares[index]! - amountMicros)
    return amountMicros > 0n ? [{ ...charge, amountMicros }] : []
  })
  const givenBackMicros = parts.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  return {
    parts,
    movements: movements.map((movement) => withExpired(movement, expired.get(movement.sequence) ?? 0n)),
    notGivenBackMicros: notGivenBackMicros + loweredMicros - givenBackMicros,
  }
}

/** What a month is raised by is taken first of what was not given back, in the order opposite to that in which it was kept. */
export function raiseMonth(
  month: Paid | undefined,
  raisedMicros: bigint,
): PaidAfter & { chargedMicros: bigint } {
  const { movements = [], notGivenBackMicros = 0n } = month ?? {}
  const keptMicros = smaller(raisedMicros, notGivenBackMicros)
  const expiredMicros = movements.reduce((sum, movement) => sum + (movement.expiredMicros ?? 0n), 0n)
  let leftMicros = beyond(keptMicros, notGivenBackMicros - expiredMicros)
  return {
    chargedMicros: raisedMicros - keptMicros,
    movements: movements.map((movement) => {
      const partMicros = smaller(leftMicros, movement.expiredMicros ?? 0n)
      leftMicros -= partMicros
      return withExpired(movement, (movement.expiredMicros ?? 0n) - partMicros)
    }),
    notGivenBackMicros: notGivenBackMicros - keptMicros,
  }
}

/** Of each the smaller bound; what is left then, as by rounding, up to the larger. */
function share(amountMicros: bigint, own: readonly bigint[], toCome: readonly bigint[]): bigint[] {
  let leftMicros = amountMicros
  const first = own.map((most, index) => {
    const partMicros = smaller(leftMicros, smaller(most, toCome[index]!))
    leftMicros -= partMicros
    return partMicros
  })
  return own.map((most, index) => {
    const moreMicros = smaller(leftMicros, most - first[index]!)
    leftMicros -= moreMicros
    return first[index]! + moreMicros
  })
}

const beyond = (one: bigint, other: bigint) => (one > other ? one - other : 0n)

function withExpired({ sequence, amountMicros }: PeriodMovement, expiredMicros: bigint): PeriodMovement {
  return { sequence, amountMicros, ...(expiredMicros > 0n && { expiredMicros }) }
}
