import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { FrozenPrices } from './frozen-prices.ts'
import { createPlanStore } from './plan.store.ts'
import type { PlanVersion } from './plan.ts'
import type { SubscriptionTerm } from './subscription.ts'
import { versionForMonth } from './version-for-month.ts'

type Choice = Pick<SubscriptionTerm, 'planId' | 'services'>

/** Finds the version of a plan that prices a month: see `versionForMonth`. */
export function createMonthVersions(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const plans = createPlanStore(options)
  const remembered = new Map<string, PlanVersion[]>()

  /** By all versions as they are now. */
  async function read(
    { planId }: Choice,
    at: string,
    frozen: FrozenPrices | undefined,
  ): Promise<PlanVersion | undefined> {
    const versions = await plans.listVersions(planId)
    remembered.set(planId, versions)
    return versionForMonth(versions, at, frozen)
  }

  /**
   * The same for the services that are taken, mostly without a read. Versions are added and never changed: what a run knows
   * of a plan stays as it was read, and so does the first version that has a service.
   */
  async function readOrRemember(
    choice: Choice,
    at: string,
    frozen: FrozenPrices | undefined,
  ): Promise<PlanVersion | undefined> {
    const versions = remembered.get(choice.planId)
    if (!versions || !knowsAll(versions, choice.planId, frozen)) return read(choice, at, frozen)
    const version = versionForMonth(versions, at, frozen)
    return version && hasAll(version, choice) ? version : read(choice, at, frozen)
  }

  return { read, readOrRemember }
}

/** Whatever is added later, the run goes by what is among these. A plan that it does not know goes by its first version in force. */
function knowsAll(
  versions: readonly PlanVersion[],
  planId: string,
  frozen: FrozenPrices | undefined,
): boolean {
  if (!frozen) return false
  if (!Object.hasOwn(frozen.versions, planId)) return true
  return versions.some(({ version }) => version === frozen.versions[planId])
}

function hasAll({ services: offered }: PlanVersion, { services }: Choice): boolean {
  return services.every(({ service }) => offered.some((each) => each.service === service))
}
