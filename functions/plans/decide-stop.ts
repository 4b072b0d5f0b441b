import { type ChargeLine, linesOfDay, type MonthlyLine, stopLines, totalOf } from './month-lines.ts'
import type { PeriodDocument } from './period-document.ts'
import { inStopOrder } from './stop-order.ts'

export type StopInput = {
  /** What became of the month so far. */
  month: Pick<PeriodDocument, 'status' | 'lines' | 'totalMicros' | 'daysInMonth'>
  /** The first day of the month on which what stops does not run. */
  day: number
  /** Owed for months before it: what ran in them is owed whole. */
  owedBeforeMicros: bigint
  availableMicros: bigint
  stopOrder: readonly string[]
  /** The plan's services, in the order of its list. */
  planServices: readonly string[]
}

export type StopDecision = {
  /** In the order in which they stop. */
  services: MonthlyLine[]
  /** The month without them from the day on. */
  lines: ChargeLine[]
  totalMicros: bigint
  /** All that is owed after it. */
  owedMicros: bigint
}

/**
 * Which services stop when grace is over: one after the other in their order, until what is owed fits into the available
 * credit, with the month's days until then and the rest of the month of what goes on. If it never does, everything stops.
 * Undefined when it fits already, or nothing runs.
 */
export function decideStop(input: StopInput): StopDecision | undefined {
  const { month, day, owedBeforeMicros, availableMicros } = input
  const owedOf = (totalMicros: bigint) => owedBeforeMicros + (month.status === 'short' ? totalMicros : 0n)
  // Whatever runs in a month that is paid is paid.
  if (month.status === 'charged' && month.totalMicros > 0n) return undefined
  if (owedOf(month.totalMicros) <= availableMicros) return undefined
  const order = inStopOrder(linesOfDay(month.lines, day), input)
  if (order.length === 0) return undefined
  let decision: StopDecision | undefined
  for (let count = 1; count <= order.length; count++) {
    const services = order.slice(0, count)
    const stopped = new Set(services.map(({ service }) => service))
    const lines = stopLines(month.lines, { day, services: stopped, daysInMonth: month.daysInMonth })
    const totalMicros = totalOf(lines)
    decision = { services, lines, totalMicros, owedMicros: owedOf(totalMicros) }
    if (decision.owedMicros <= availableMicros) return decision
  }
  return decision
}
