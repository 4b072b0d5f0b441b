import type { PeriodDocument } from './period-document.ts'
import type { PlanStore } from './plan.store.ts'

/**
 * The services of a plan in the order of its list, by the version that priced a month: what stops, and what a reminder says will
 * stop, goes by it.
 */
export async function listPlanServices(
  plans: Pick<PlanStore, 'listVersions'>,
  { planId, planVersion }: Pick<PeriodDocument, 'planId' | 'planVersion'>,
): Promise<string[]> {
  const versions = await plans.listVersions(planId)
  const version = versions.find((candidate) => candidate.version === planVersion) ?? versions.at(-1)
  return (version?.services ?? []).map(({ service }) => service)
}
