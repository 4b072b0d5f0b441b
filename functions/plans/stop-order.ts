import type { MonthlyLine } from './month-lines.ts'
import { BASE_FEE_SERVICE } from './plan.ts'

/**
 * What runs, in the order in which it stops when credit does not suffice: services that the client did not rank, the last of
 * the plan's own list first, then those that it ranked. What costs nothing gives no credit free and stops after them, and
 * the base fee last of all: without it nothing runs.
 */
export function inStopOrder(
  running: readonly MonthlyLine[],
  { stopOrder, planServices }: { stopOrder: readonly string[]; planServices: readonly string[] },
): MonthlyLine[] {
  const place = (line: MonthlyLine): [number, number] => {
    const { service } = line
    if (service === BASE_FEE_SERVICE) return [3, 0]
    const ranked = stopOrder.indexOf(service)
    // What the plan does not list any more stops before all that it lists.
    const listed = planServices.indexOf(service)
    const within = ranked >= 0 ? ranked : listed < 0 ? -planServices.length : -listed
    if (line.quantity * line.unitFeeMicros === 0n) return [2, within]
    return [ranked >= 0 ? 1 : 0, within]
  }
  return running.toSorted((one, other) => {
    const [left, right] = [place(one), place(other)]
    return left[0] - right[0] || left[1] - right[1] || (one.service < other.service ? -1 : 1)
  })
}
