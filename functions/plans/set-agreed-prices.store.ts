import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { nextPeriod, periodOf } from '../accounts/billing-period.ts'
import { writeTogether } from '../edge/write-together.ts'
import type { AgreedPrice } from './agreed-price.ts'
import { decideAgreedPrices, type WishedPrice } from './decide-agreed-prices.ts'
import type { FieldRefusal } from './decide-subscription.ts'
import { createPlanStore } from './plan.store.ts'
import { BASE_FEE_SERVICE } from './plan.ts'
import { adjustRingFence, noteRevision, putPlan } from './plan-writes.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'

const TRIES = 8

export type AgreedPricesSet =
  | { ok: true; overrides: AgreedPrice[] }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }
  | { ok: false; reason: 'busy' }

/**
 * Puts a whole list of fees that were agreed with an account in the place of the one before. They stand in the
 * subscription: a charge and a new price exclude each other exactly as a charge and a change of plan do. The same list again
 * changes nothing. A service that no plan for such clients has is refused, as a slip of the pen.
 */
export async function setAgreedPrices(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  input: { account: Account; wishes: WishedPrice[]; actor: string; now: Date },
): Promise<AgreedPricesSet> {
  const { client, documentsTable } = options
  const { account, wishes, actor } = input
  const subscriptions = createSubscriptionStore(options)
  const now = input.now.toISOString()
  const currentPeriod = periodOf(now, account.timeZone)
  const unknown = findUnknownServices(wishes, await listServices(options, account))
  if (unknown.length > 0) return { ok: false, reason: 'request_invalid', errors: unknown }
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [due, subscription] = await Promise.all([
      subscriptions.readDue(account.accountId, 'charge'),
      subscriptions.read(account.accountId),
    ])
    const before = subscription?.overrides ?? []
    const decision = decideAgreedPrices({
      ...{ before, wishes, currentPeriod, now, actor },
      oldestDuePeriod: due?.period,
    })
    if (!decision.ok) return decision
    if (decision.unchanged) return { ok: true, overrides: before }
    // The next month has been charged already: this clock is behind the one that charged it.
    if (due && due.period > nextPeriod(currentPeriod)) return { ok: false, reason: 'busy' }
    const changed = {
      ...(subscription ?? { accountId: account.accountId, terms: [] }),
      overrides: decision.overrides,
      revision: (subscription?.revision ?? 0n) + 1n,
    }
    const written = await writeTogether(client, [
      putPlan(changed, subscription, documentsTable),
      ...(due ? [noteRevision(due, changed, documentsTable)] : []),
      ...adjustRingFence(changed, now, documentsTable),
    ])
    if (written.ok) return { ok: true, overrides: decision.overrides }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    // The subscription was changed, or a month charged, since this was read; or a lost reply hid that it was written.
  }
  return { ok: false, reason: 'busy' }
}

async function listServices(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  { clientType, currency }: Account,
): Promise<Set<string>> {
  const versions = await createPlanStore(options).listAll()
  const fitting = versions.filter((plan) => plan.clientType === clientType && plan.currency === currency)
  const services = fitting.flatMap((plan) => plan.services.map(({ service }) => service))
  return new Set([BASE_FEE_SERVICE, ...services])
}

function findUnknownServices(wishes: readonly WishedPrice[], services: ReadonlySet<string>): FieldRefusal[] {
  return wishes.flatMap(({ service }, index) =>
    services.has(service)
      ? []
      : [
          {
            field: `prices.${index}.service`,
            detail: `${service} is in no plan that the account may choose`,
          },
        ],
  )
}
