import type { Json } from '../ledger/canonical-json.ts'
import { formatAmount } from '../ledger/money.ts'
import { dateOf } from './day-shares.ts'
import type { ResumptionDecision } from './decide-resumption.ts'
import type { StopDecision } from './decide-stop.ts'
import { describeLines, PLANS_ACTOR } from './describe-month.ts'
import type { MonthlyLine } from './month-lines.ts'
import type { PeriodDocument } from './period-document.ts'

type Said = { currency: string; day: number; availableMicros: bigint }

/** What an entry says that stops services; it moves nothing. */
export function describeStop(
  month: PeriodDocument,
  stop: StopDecision,
  said: Said & { owedBeforeMicros: bigint; shortfallMicros: bigint },
) {
  const { currency, day } = said
  const date = dateOf(month.period, day)
  const amount = (micros: bigint) => formatAmount(micros, currency)
  return {
    kind: 'plan_stop' as const,
    postings: [],
    reason: `${month.planName}: ${listNames(stop.services)} stopped on ${date}, too little credit`,
    actor: PLANS_ACTOR,
    detail: {
      ...describePlace(month, stop.services, currency),
      fromDate: date,
      owedForEarlierMonths: amount(said.owedBeforeMicros),
      totalBefore: amount(month.totalMicros),
      lines: describeLines({ ...month, lines: stop.lines }, currency),
      total: amount(stop.totalMicros),
      owed: amount(stop.owedMicros),
      credit: amount(said.availableMicros),
      /** What has to be topped up on that day for all of it to run again. */
      shortfall: amount(said.shortfallMicros),
    },
  }
}

/** What an entry says that charges the rest of a month of services that run again. */
export function describeResumption(month: PeriodDocument, resumption: ResumptionDecision, said: Said) {
  const { currency, day } = said
  const date = dateOf(month.period, day)
  const amount = (micros: bigint) => formatAmount(micros, currency)
  return {
    kind: 'plan_resume' as const,
    reason: `${month.planName}: ${listNames(resumption.services)} from ${date} on`,
    actor: PLANS_ACTOR,
    detail: {
      ...describePlace(month, resumption.services, currency),
      fromDate: date,
      totalBefore: amount(month.totalMicros),
      lines: describeLines({ ...month, lines: resumption.lines }, currency),
      total: amount(resumption.totalMicros),
      credit: amount(said.availableMicros),
      stillStopped: resumption.stillStopped.map(({ service }) => service),
    },
  }
}

function describePlace(
  { planId, planVersion, planName, period }: PeriodDocument,
  services: readonly MonthlyLine[],
  currency: string,
): { [key: string]: Json } {
  const named = services.map(({ service, name, quantity }) => ({
    service,
    name,
    quantity: quantity.toString(),
  }))
  return { planId, planVersion, planName, period, currency, services: named }
}

function listNames(services: readonly MonthlyLine[]): string {
  return services.map(({ name }) => name).join(', ')
}
