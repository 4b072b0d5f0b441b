import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { writeTogether } from '../edge/write-together.ts'
import { hashOf } from '../ledger/canonical-json.ts'
import { sumOfHeld } from '../ledger/decide-hold.ts'
import type { SetAsideDecision } from '../ledger/decide-set-aside.ts'
import type { Head } from '../ledger/entry.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import { afterRefusal, type Run, type Step } from '../plans/charging-step.ts'
import { priceMonth } from '../plans/decide-monthly-charge.ts'
import { owedBefore } from '../plans/period-document.ts'
import type { Situation } from '../plans/situation.store.ts'
import type { SubscriptionStore } from '../plans/subscription.store.ts'
import { createVersionInForce } from '../plans/upcoming-charge.store.ts'
import { decideLapse, decideRingFence, nextLook } from './decide-ring-fence.ts'
import type { RingFenceStore } from './ring-fence.store.ts'
import { isOutdated, lastingAt, type RingFence, type RingFenceMode, withLots } from './ring-fence.ts'

/**
 * Brings what an account has set aside to what it wants set aside, and moves on when that is to be looked at again. Each movement is
 * one posting, in whose transaction the ring-fence's document changes: under a key of the document's revision, and only while
 * the plan and the month that is due are as they were when it was decided.
 */
export function createSettingAside(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  ledger: Ledger
  subscriptions: SubscriptionStore
  ringFences: RingFenceStore
}) {
  const { client, ledger, subscriptions, ringFences } = options
  const versionInForce = createVersionInForce(options)

  /** The last step: `done` when nothing is to be moved any more. */
  async function setAside(run: Run, { due, short, ringFence }: Situation): Promise<Step> {
    const { account, at } = run
    const { accountId } = account
    const subscription = await subscriptions.read(accountId)
    if (!subscription) throw new Error(`account ${accountId}: a charge is due without a plan`)
    const mode: RingFenceMode = subscription.ringFence ?? 'off'
    if (mode === 'off' && ringFence.heldMicros === 0n && ringFence.dueAt === undefined) return 'done'
    const { period } = due
    const planVersion = await versionInForce(account, subscription, period)
    const charge = priceMonth({ account, subscription, planVersion, period })
    const owedMicros = owedBefore(short, period)
    const wanted = { mode, charge, owedMicros, timeZone: account.timeZone, at, account }
    const dueAt = nextLook(wanted)
    const step = await move(run, ringFence, {
      change: (lots) => ({ ...withLots(ringFence, lots), period, dueAt }),
      documents: [subscriptions.stillDue('charge', due)],
      decide: (head) => decideRingFence(head, ringFence, wanted),
    })
    if (step !== 'done' || ringFence.dueAt === dueAt) return step
    const looked = await writeTogether(client, [ringFences.change(ringFence, { ...ringFence, dueAt })])
    return looked.ok ? 'done' : 'again'
  }

  /** What has expired of it comes back, so that it expires; undefined when nothing has. */
  async function lapse(run: Run, ringFence: RingFence): Promise<Step | undefined> {
    const lasting = lastingAt(ringFence, run.at)
    if (lasting.length === ringFence.lots.length) return undefined
    const lastingMicros = sumOfHeld(lasting)
    const step = await move(run, ringFence, {
      change: (lots) => withLots(ringFence, lots),
      documents: [],
      decide: (head) => decideLapse(head, ringFence, { at: run.at, lastingMicros }),
    })
    return step
  }

  async function move(
    { account: { accountId }, at }: Run,
    ringFence: RingFence,
    posting: {
      change(lots: RingFence['lots']): RingFence
      documents: ReturnType<SubscriptionStore['stillDue']>[]
      decide(head: Head): SetAsideDecision
    },
  ): Promise<Step> {
    const revision = (ringFence.revision + 1n).toString()
    const posted = await ledger.post({
      accountId,
      key: `ring-fence:${revision}`,
      // However much it moves by now, it is the same step.
      requestHash: hashOf({ 'ring-fence': revision }),
      at,
      decide: (head) => {
        if (isOutdated(head, ringFence)) return { ok: false as const, reason: 'document_changed' as const }
        const decision = posting.decide(head)
        if (!decision.ok) return decision
        const change = ringFences.change(ringFence, posting.change(decision.held))
        return { ok: true as const, draft: decision.draft, documents: [change, ...posting.documents] }
      },
    })
    if (posted.ok) return 'again'
    if (posted.reason === 'nothing_to_move') return 'done'
    return afterRefusal(accountId, posted.reason)
  }

  return { setAside, lapse }
}
