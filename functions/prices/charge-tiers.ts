import { parseAmount } from '../ledger/money.ts'
import { divideHalfEven } from './divide-half-even.ts'

/** Where a line's amount is rounded, once: to the nearest micro of the currency, ties to even. */
export const ROUNDING = 'half_even'

/** A stretch of quantities that cost the same; the last is open (`null`). */
export type Tier = { upTo: number | null; amount: string }

/** The part of a use that fell into one tier: so many, at so much each `per`. */
export type TierPart = { quantity: string; amount: string }

/**
 * What `quantity` costs when `alreadyUsed` were used before it in the period. Every tier costs what it says for the
 * quantities within it (graduated: reaching a tier never changes the price of what came before). The sum is exact, then
 * divided by `perQuantity` (60 for seconds at a rate per minute) and rounded once.
 */
export function chargeTiers(
  tiers: readonly Tier[],
  quantity: bigint,
  alreadyUsed: bigint,
  perQuantity: bigint,
): { amountMicros: bigint; parts: TierPart[] } {
  if (quantity < 0n || alreadyUsed < 0n) throw new Error('a quantity is never below zero')
  const parts: TierPart[] = []
  let position = alreadyUsed
  let left = quantity
  let total = 0n
  for (const tier of tiers) {
    if (left === 0n) break
    const room = tier.upTo === null ? left : BigInt(tier.upTo) - position
    if (room <= 0n) continue
    const taken = left < room ? left : room
    total += taken * microsOf(tier.amount)
    parts.push({ quantity: taken.toString(), amount: tier.amount })
    position += taken
    left -= taken
  }
  if (left > 0n) throw new Error('the last tier of a price must be open')
  return { amountMicros: divideHalfEven(total, perQuantity), parts }
}

/** Micros of an amount that a schema has already let through. */
export function microsOf(amount: string): bigint {
  const micros = parseAmount(amount)
  if (micros === undefined) throw new Error(`"${amount}" is not an amount`)
  return micros
}
