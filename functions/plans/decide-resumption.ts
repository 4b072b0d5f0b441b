import { smaller } from '../ledger/lot.ts'
import type { ComingMonth } from './coming-month.ts'
import { type ChargeLine, type MonthlyLine, resumeLines, totalOf } from './month-lines.ts'
import { raiseMonth } from './not-given-back.ts'
import type { PeriodDocument, PeriodMovement } from './period-document.ts'
import type { StoppedService } from './subscription.ts'

export type ResumptionInput = {
  month: Pick<PeriodDocument, 'lines' | 'totalMicros' | 'daysInMonth' | 'movements' | 'notGivenBackMicros'>
  /** The first day of the month on which what resumes runs again. */
  day: number
  /** In the order in which they stopped. */
  stopped: readonly StoppedService[]
  /** What the stopped services cost in this month. Of one that is not among them nothing is taken any more. */
  monthly: readonly MonthlyLine[]
  availableMicros: bigint
  /** Once clients are warned of the next month: what of the credit can pay it, and what it costs while those are stopped. */
  coming?: { usableMicros: bigint; setAsideMicros: bigint; priceWithout: ComingMonth['priceWithout'] }
}

export type ResumptionDecision = {
  /** In the order in which they resume. */
  services: MonthlyLine[]
  stillStopped: StoppedService[]
  lines: ChargeLine[]
  totalMicros: bigint
  /** What of the rest of the month is charged for them. */
  costMicros: bigint
  /** Of the month after it, but for the movement that it is itself. */
  movements: PeriodMovement[]
  notGivenBackMicros: bigint
}

/**
 * Which stopped services run again: what stopped last first, each if the available credit covers its rest of the month,
 * today included, and from the warning of the next month on that month with it. The first that it does not cover keeps back those
 * that were to stop before it. Undefined when none does.
 */
export function decideResumption(input: ResumptionInput): ResumptionDecision | undefined {
  const { month, day, stopped, monthly, availableMicros, coming } = input
  let decision: ResumptionDecision | undefined
  for (let left = stopped.length - 1; left >= 0; left--) {
    const names = stopped.slice(left).map(({ service }) => service)
    const services = names.toReversed().flatMap((name) => monthly.filter(({ service }) => service === name))
    const lines = resumeLines(month.lines, { day, resumed: services, daysInMonth: month.daysInMonth })
    const totalMicros = totalOf(lines)
    const { chargedMicros: costMicros, ...paid } = raiseMonth(month, totalMicros - month.totalMicros)
    const stillStopped = stopped.slice(0, left)
    const leftMicros = availableMicros - costMicros
    if (leftMicros < 0n || (coming && !covers(coming, stillStopped, leftMicros))) break
    if (services.length === 0) continue
    decision = { services, stillStopped, lines, totalMicros, costMicros, ...paid }
  }
  return decision
}

/** What is used first is what expires first: what is left can pay as much as lasts, and no more than is left. */
function covers(
  { usableMicros, setAsideMicros, priceWithout }: NonNullable<ResumptionInput['coming']>,
  stillStopped: readonly StoppedService[],
  leftMicros: bigint,
): boolean {
  return priceWithout(stillStopped) <= smaller(leftMicros, usableMicros) + setAsideMicros
}

/** What all stopped services cost for the rest of the month. */
export function costOfResumption(input: Omit<ResumptionInput, 'availableMicros' | 'coming'>): bigint {
  const { month, day, stopped, monthly } = input
  const resumed = monthly.filter(({ service }) => stopped.some((other) => other.service === service))
  const lines = resumeLines(month.lines, { day, resumed, daysInMonth: month.daysInMonth })
  return raiseMonth(month, totalOf(lines) - month.totalMicros).chargedMicros
}
