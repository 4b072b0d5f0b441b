import type { Period } from '../accounts/billing-period.ts'
import { type AgreedPrice, feeOf } from './agreed-price.ts'
import type { MonthlyLine } from './month-lines.ts'
import { BASE_FEE_NAME, BASE_FEE_SERVICE, type PlanVersion } from './plan.ts'
import type { Subscription, SubscriptionTerm } from './subscription.ts'

/**
 * What a month of a plan costs an account, line by line, whatever runs of it: by the fees that were agreed with it for that
 * month, else the plan's. A plan that has ended costs nothing.
 */
export function priceTerm(...[term, version, fees]: Parameters<typeof priceTaken>): MonthlyLine[] {
  const isFreeBaseFee = (line: MonthlyLine) => line.service === BASE_FEE_SERVICE && line.unitFeeMicros === 0n
  return priceTaken(term, version, fees).filter((line) => !isFreeBaseFee(line))
}

/** The same with a line of the base fee also where that is nothing. */
export function priceTaken(
  term: Pick<SubscriptionTerm, 'planId' | 'services' | 'isEnded'>,
  version: PlanVersion,
  { overrides, period }: { overrides: readonly AgreedPrice[] | undefined; period: Period },
): MonthlyLine[] {
  if (term.isEnded) return []
  const line = (service: string, name: string, quantity: bigint, planFeeMicros: bigint): MonthlyLine => ({
    service,
    name,
    quantity,
    ...feeOf(overrides, period, service, planFeeMicros),
  })
  const baseFee = line(BASE_FEE_SERVICE, BASE_FEE_NAME, 1n, version.baseFeeMicros)
  const chosen = term.services
    .filter(({ quantity }) => quantity > 0n)
    .map(({ service, quantity }) => {
      const offered = version.services.find((candidate) => candidate.service === service)
      if (!offered)
        throw new Error(`plan ${version.planId} version ${version.version} lost the service ${service}`)
      return line(service, offered.name, quantity, offered.unitFeeMicros)
    })
  return [baseFee, ...chosen]
}

/** Without what is stopped for lack of credit. Without its base fee nothing of a plan runs. */
export function withoutStopped(
  lines: readonly MonthlyLine[],
  { stopped = [] }: Pick<Subscription, 'stopped'>,
): MonthlyLine[] {
  const services = new Set(stopped.map(({ service }) => service))
  if (services.has(BASE_FEE_SERVICE)) return []
  return lines.filter(({ service }) => !services.has(service))
}
