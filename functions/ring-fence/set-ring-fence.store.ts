import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { writeTogether } from '../edge/write-together.ts'
import { noteRevision, putPlan } from '../plans/plan-writes.store.ts'
import { createSubscriptionStore } from '../plans/subscription.store.ts'
import type { Subscription } from '../plans/subscription.ts'
import { lookAtRingFence } from './ring-fence.store.ts'
import type { RingFenceMode } from './ring-fence.ts'

const TRIES = 8

export type RingFenceSet = { ok: true; isChange: boolean } | { ok: false; reason: 'plan_not_found' | 'busy' }

/**
 * Writes an account's wish into its subscription, and has the ring-fence looked at: within the hour, should the process die
 * before it does so itself. A change and a charge exclude each other, as a change of plan and a charge do. The same wish again
 * changes nothing.
 */
export async function setRingFence(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  { accountId, mode, at }: { accountId: string; mode: RingFenceMode; at: string },
): Promise<RingFenceSet> {
  const { client, documentsTable } = options
  const subscriptions = createSubscriptionStore(options)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [due, subscription] = await Promise.all([
      subscriptions.readDue(accountId, 'charge'),
      subscriptions.read(accountId),
    ])
    if (!due || !subscription) return { ok: false, reason: 'plan_not_found' }
    if ((subscription.ringFence ?? 'off') === mode) return { ok: true, isChange: false }
    const next = wish(subscription, mode)
    const written = await writeTogether(client, [
      putPlan(next, subscription, documentsTable),
      noteRevision(due, next, documentsTable),
      lookAtRingFence(documentsTable, accountId, at),
    ])
    if (written.ok) return { ok: true, isChange: true }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    // The plan was changed, or a month charged, since this was read; or a lost reply hid that it was written.
  }
  return { ok: false, reason: 'busy' }
}

function wish({ ringFence, ...subscription }: Subscription, mode: RingFenceMode): Subscription {
  const revision = subscription.revision + 1n
  return mode === 'off' ? { ...subscription, revision } : { ...subscription, ringFence: mode, revision }
}
