import { findInForce } from '../prices/find-price.ts'
import { BASE_FEE_NAME, type PlanContent, type PlanVersion } from './plan.ts'

/**
 * How many days before it begins a raise of a fee has to be set, where a deployment does not say otherwise. Directive (EU)
 * 2018/1972 (European Electronic Communications Code), article 105(4): end-users are notified of a change of their
 * contract at least one month in advance. A month has up to 31 days, and the day on which clients are told does not count.
 */
export const PRICE_CHANGE_NOTICE_DAYS = 32

const DAY_MILLISECONDS = 86_400_000

export type PlanVersionRefusal = { ok: false; reason: 'request_invalid'; field: string; detail: string }
export type PlanVersionDecision = { ok: true; version: PlanVersion; unchanged: boolean } | PlanVersionRefusal

/** The version in force at an instant: of those that have begun the last, and of two that began together the newer. */
export function findPlanVersion(versions: readonly PlanVersion[], at: string): PlanVersion | undefined {
  const newest = versions.at(-1)
  return newest && findInForce(versions, newest.currency, at)
}

/** The versions that will come into force after an instant, soonest first: not one that another takes the place of before. */
export function listAnnounced(versions: readonly PlanVersion[], now: string): PlanVersion[] {
  return versions.filter(
    (version) => version.effectiveFrom > now && findPlanVersion(versions, version.effectiveFrom) === version,
  )
}

/**
 * A plan's next version, or the newest one where it says the same. So that an account's choice can be charged by whatever
 * version comes to be in force, a version keeps the plan's client type and currency and all its services, and does not
 * begin before the version that it follows. So that nobody's price changes behind their back, only the first version may
 * begin in the past, and one that raises a fee begins `noticeDays` days ahead or later. `versions` are the plan's, oldest
 * first.
 */
export function decidePlanVersion(
  versions: readonly PlanVersion[],
  planId: string,
  content: PlanContent,
  { now, noticeDays }: { now: string; noticeDays: number },
): PlanVersionDecision {
  const newest = versions.at(-1)
  const version: PlanVersion = {
    ...content,
    planId,
    version: (newest?.version ?? 0) + 1,
    effectiveFrom: content.effectiveFrom ?? now,
    setAt: now,
  }
  if (!newest) return { ok: true, version, unchanged: false }
  if (saysTheSame(newest, content)) return { ok: true, version: newest, unchanged: true }
  if (content.clientType !== newest.clientType)
    return refuse('clientType', `is ${newest.clientType} for this plan`)
  if (content.currency !== newest.currency) return refuse('currency', `is ${newest.currency} for this plan`)
  const lost = newest.services.find(
    ({ service }) => !content.services.some((kept) => kept.service === service),
  )
  if (lost) {
    return refuse(
      'services',
      `must keep ${lost.service}, which accounts may have chosen; it may be withdrawn`,
    )
  }
  const misfit = findEarlyBeginning(newest, version, now, noticeDays)
  return misfit === undefined ? { ok: true, version, unchanged: false } : refuse('effectiveFrom', misfit)
}

/** Why a version may not begin when it says, for people; undefined when it may. */
function findEarlyBeginning(
  newest: PlanVersion,
  version: PlanVersion,
  now: string,
  noticeDays: number,
): string | undefined {
  const { effectiveFrom } = version
  if (effectiveFrom < newest.effectiveFrom)
    return `must not be before version ${newest.version}, which begins ${newest.effectiveFrom}`
  if (effectiveFrom < now) return 'must not be in the past for a version that follows another'
  const raised = findRaised(newest, version)
  if (raised === undefined) return undefined
  const earliest = new Date(Date.parse(now) + noticeDays * DAY_MILLISECONDS).toISOString()
  if (effectiveFrom >= earliest) return undefined
  return `must be ${noticeDays} days ahead (${earliest}) or later, since the fee of ${raised} rises`
}

/** The name of a fee that rises for whoever pays it already. */
function findRaised(before: PlanVersion, after: PlanVersion): string | undefined {
  if (after.baseFeeMicros > before.baseFeeMicros) return BASE_FEE_NAME
  return before.services.find(({ service, unitFeeMicros }) =>
    after.services.some((next) => next.service === service && next.unitFeeMicros > unitFeeMicros),
  )?.name
}

function refuse(field: string, detail: string): PlanVersionRefusal {
  return { ok: false, reason: 'request_invalid', field, detail }
}

function saysTheSame(version: PlanVersion, content: PlanContent): boolean {
  const text = ({ name, clientType, currency, baseFeeMicros, services }: PlanContent) =>
    JSON.stringify([
      name,
      clientType,
      currency,
      baseFeeMicros.toString(),
      services.map((offered) => [
        offered.service,
        offered.name,
        offered.unitFeeMicros.toString(),
        offered.withdrawn ?? false,
      ]),
    ])
  const sameBeginning = content.effectiveFrom === undefined || content.effectiveFrom === version.effectiveFrom
  return sameBeginning && text(version) === text(content)
}
