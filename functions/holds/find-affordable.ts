/**
 * The largest quantity from `least` to `most` that costs at most `budgetMicros`; undefined when not even the least is
 * affordable. The cost never falls as the quantity grows, whatever intervals, fees and tiers it comes from.
 */
export function findAffordable(
  costOf: (quantity: bigint) => bigint,
  { least, most, budgetMicros }: { least: bigint; most: bigint; budgetMicros: bigint },
): bigint | undefined {
  if (least > most || costOf(least) > budgetMicros) return undefined
  if (costOf(most) <= budgetMicros) return most
  let [affordable, tooMuch] = [least, most]
  while (tooMuch - affordable > 1n) {
    const middle = (affordable + tooMuch) / 2n
    if (costOf(middle) <= budgetMicros) affordable = middle
    else tooMuch = middle
  }
  return affordable
}
