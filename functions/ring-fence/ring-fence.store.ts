import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import type { WriteItem } from '../edge/write-together.ts'
import type { HeldLot } from '../ledger/decide-hold.ts'
import { dueIndexKeys, RING_FENCE } from '../plans/plan-keys.ts'
import type { Subscription } from '../plans/subscription.ts'
import { noRingFence, type RingFence, withLots } from './ring-fence.ts'

export type RingFenceStore = ReturnType<typeof createRingFenceStore>

/** What accounts have set aside for their plans. One that is to be looked at stands in the index of what is due. */
export function createRingFenceStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable: TableName } = options
  const keysOf = (accountId: string) => ({ pk: accountKey(accountId), sk: RING_FENCE })

  /** As it is now (strongly consistent); an account that never had one has one of nothing. */
  async function read(accountId: string): Promise<RingFence> {
    const { Item } = await client.send(
      new GetCommand({ TableName, Key: keysOf(accountId), ConsistentRead: true }),
    )
    if (!Item) return noRingFence(accountId)
    return withoutKeys(Item) as RingFence
  }

  /** Its next state, only from the one that was read; for a transaction with what moves the credit. */
  function change(before: RingFence, after: RingFence): WriteItem {
    const { accountId, dueAt } = after
    const Item = {
      ...keysOf(accountId),
      ...after,
      revision: before.revision + 1n,
      ...(dueAt !== undefined && dueIndexKeys('ring_fence', accountId, dueAt)),
    }
    return { Put: { TableName, Item, ...asItWas(before) } }
  }

  /** The same beside what takes credit: nothing to write where nothing is set aside. */
  function changeIfHeld(before: RingFence, lots: HeldLot[]): WriteItem[] {
    return before.heldMicros === 0n ? [] : [change(before, withLots(before, lots))]
  }

  /**
   * Writes nothing: what is decided with what is set aside is written only while that is as it was read. Nothing to look at for
   * an account that has nothing and wants nothing set aside.
   */
  function unchangedIfWished(before: RingFence, { ringFence }: Pick<Subscription, 'ringFence'>): WriteItem[] {
    if (before.heldMicros === 0n && ringFence === undefined) return []
    return [{ ConditionCheck: { TableName, Key: keysOf(before.accountId), ...asItWas(before) } }]
  }

  /** Takes it out of the index of what is due. */
  function end(before: RingFence): WriteItem[] {
    if (before.dueAt === undefined) return []
    const { dueAt, ...after } = before
    return [change(before, after)]
  }

  return { read, change, changeIfHeld, unchangedIfWished, end }
}

/** One that was never written has the revision of nothing. */
function asItWas({ revision }: RingFence) {
  return asRead(revision === 0n ? undefined : revision)
}

/**
 * Has a ring-fence looked at within the hour, whatever it is now: beside whatever may change what is to be set aside. Raises its
 * revision, so that nobody who looked before writes over it.
 */
export function lookAtRingFence(TableName: string, accountId: string, at: string): WriteItem {
  const { index1pk, index1sk } = dueIndexKeys('ring_fence', accountId, at)
  return {
    Update: {
      TableName,
      Key: { pk: accountKey(accountId), sk: RING_FENCE },
      UpdateExpression:
        'SET accountId = :accountId, dueAt = :at, index1pk = :index1pk, index1sk = :index1sk, heldMicros = if_not_exists(heldMicros, :nothing), lots = if_not_exists(lots, :none) ADD revision :one',
      ExpressionAttributeValues: {
        ':accountId': accountId,
        ':at': at,
        ':index1pk': index1pk,
        ':index1sk': index1sk,
        ':nothing': 0n,
        ':none': [],
        ':one': 1n,
      },
    },
  }
}
