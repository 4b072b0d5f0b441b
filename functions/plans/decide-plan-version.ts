import { findInForce } from '../prices/find-price.ts'
import type { PlanContent, PlanVersion } from './plan.ts'

export type PlanVersionRefusal = { ok: false; reason: 'request_invalid'; field: string; detail: string }
export type PlanVersionDecision = { ok: true; version: PlanVersion; unchanged: boolean } | PlanVersionRefusal

/** The version in force at an instant: of those that have begun the last, and of two that began together the newer. */
export function findPlanVersion(versions: readonly PlanVersion[], at: string): PlanVersion | undefined {
  const newest = versions.at(-1)
  return newest && findInForce(versions, newest.currency, at)
}

/**
 * A plan's next version, or the newest one where it says the same. So that an account's choice can be charged by whatever
 * version comes to be in force, a version keeps the plan's client type and currency and all its services, and does not
 * begin before the version that it follows. `versions` are the plan's, oldest first.
 */
export function decidePlanVersion(
  versions: readonly PlanVersion[],
  planId: string,
  content: PlanContent,
  now: string,
): PlanVersionDecision {
  const newest = versions.at(-1)
  const version: PlanVersion = {
    ...content,
    planId,
    version: (newest?.version ?? 0) + 1,
    effectiveFrom: content.effectiveFrom ?? now,
  }
  if (!newest) return { ok: true, version, unchanged: false }
  if (saysTheSame(newest, content)) return { ok: true, version: newest, unchanged: true }
  if (content.clientType !== newest.clientType)
    return refuse('clientType', `is ${newest.clientType} for this plan`)
  if (content.currency !== newest.currency) return refuse('currency', `is ${newest.currency} for this plan`)
  const lost = newest.services.find(
    ({ service }) => !content.services.some((kept) => kept.service === service),
  )
  if (lost) return refuse('services', `must keep ${lost.service}, which accounts may have chosen`)
  if (version.effectiveFrom < newest.effectiveFrom) {
    return refuse(
      'effectiveFrom',
      `must not be before version ${newest.version}, which begins ${newest.effectiveFrom}`,
    )
  }
  return { ok: true, version, unchanged: false }
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
      services.map((offered) => [offered.service, offered.name, offered.unitFeeMicros.toString()]),
    ])
  const sameBeginning = content.effectiveFrom === undefined || content.effectiveFrom === version.effectiveFrom
  return sameBeginning && text(version) === text(content)
}
