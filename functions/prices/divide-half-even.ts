/**
 * Divides and rounds to the nearest whole number; a tie goes to the even neighbour, so that ties do not add up in one
 * direction. The numerator is ≥ 0 and the denominator > 0; anything else is a broken invariant and throws.
 */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (numerator < 0n || denominator <= 0n) throw new Error(`cannot divide ${numerator} by ${denominator}`)
  const quotient = numerator / denominator
  const twiceRemainder = (numerator % denominator) * 2n
  if (twiceRemainder < denominator) return quotient
  if (twiceRemainder > denominator) return quotient + 1n
  return quotient + (quotient % 2n)
}
