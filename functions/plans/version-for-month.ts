import { findPlanVersion } from './decide-plan-version.ts'
import type { FrozenPrices } from './frozen-prices.ts'
import type { PlanVersion } from './plan.ts'

/**
 * The version of a plan that a month is priced by: the one in force at the month's first instant (`at`), of those that were
 * known when the run of that month was opened; `frozen` is undefined until then. So a version that is set while accounts
 * around the world come to their first of the month prices all of them or none. A plan that is newer than the run is priced
 * by the first of its versions that is in force, and a service that is newer than the version found by the first version
 * that has it: whatever somebody may have chosen has one price, the same for all. `versions` are all of the plan's, oldest
 * first. Undefined when the plan had not begun.
 */
export function versionForMonth(
  versions: readonly PlanVersion[],
  at: string,
  frozen: FrozenPrices | undefined,
): PlanVersion | undefined {
  const found = findKnown(versions, at, frozen)
  return found && withLaterServices(found, versions)
}

/** The same for a month that has begun, of the versions that have; of a plan that began within it, those that it began with. */
export function versionWithinMonth(
  begun: readonly PlanVersion[],
  monthBeginsAt: string,
  frozen: FrozenPrices | undefined,
): PlanVersion | undefined {
  const first = begun[0]
  return (
    versionForMonth(begun, monthBeginsAt, frozen) ??
    (first && versionForMonth(begun, first.effectiveFrom, undefined))
  )
}

function findKnown(
  versions: readonly PlanVersion[],
  at: string,
  frozen: FrozenPrices | undefined,
): PlanVersion | undefined {
  if (!frozen) return findPlanVersion(versions, at)
  const planId = versions[0]?.planId
  // A plan may be called `constructor`.
  const isKnown = planId !== undefined && Object.hasOwn(frozen.versions, planId)
  if (!isKnown) return versions.find(({ effectiveFrom }) => effectiveFrom <= at)
  return findPlanVersion(
    versions.filter(({ version }) => version <= frozen.versions[planId]!),
    at,
  )
}

/** The version, with services that came after it, each by the first version that has it. */
export function withLaterServices(found: PlanVersion, versions: readonly PlanVersion[]): PlanVersion {
  const services = [...found.services]
  for (const later of versions.filter(({ version }) => version > found.version)) {
    services.push(...later.services.filter(({ service }) => !services.some((had) => had.service === service)))
  }
  return { ...found, services }
}
