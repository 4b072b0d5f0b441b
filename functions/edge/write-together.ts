import { randomUUID } from 'node:crypto'
import type { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { isCancelled, isWorthRetrying, readItem } from './dynamodb.ts'
import { retryDelayMilliseconds, sleep } from './retry-delay.ts'

export type WriteItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/** One of the written items' conditions failed: which, and what was there (where the write asks for `ALL_OLD`). */
export type FailedCondition = { index: number; item?: Record<string, unknown> }

export type WrittenTogether =
  | { ok: true }
  | { ok: false; reason: 'condition_failed'; failed: FailedCondition[] }
  | { ok: false; reason: 'busy' }

const TRIES = 8
const DELAYS = { firstMilliseconds: 10, longestMilliseconds: 400 }

/**
 * Writes all items or none. A conflict, a throttle or a lost reply is tried again, boundedly and with full jitter; a failed
 * condition comes back, told apart by the place of its item. All tries carry one token, by which the database recognises
 * what it wrote before a lost reply. `busy` claims nothing: a token holds for ten minutes and is a convenience alone, so the
 * conditions have to be such that the same request sent again is safe.
 */
export async function writeTogether(
  client: DynamoDBDocumentClient,
  items: WriteItem[],
): Promise<WrittenTogether> {
  const ClientRequestToken = randomUUID()
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await sleep(retryDelayMilliseconds(attempt, DELAYS))
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items, ClientRequestToken }))
      return { ok: true }
    } catch (error) {
      if (!isCancelled(error)) {
        if (isWorthRetrying(error)) continue
        throw error
      }
      const failed = failedConditions(error)
      if (failed.length > 0) return { ok: false, reason: 'condition_failed', failed }
      if (!isPassing(error)) throw error
    }
  }
  return { ok: false, reason: 'busy' }
}

function failedConditions(error: TransactionCanceledException): FailedCondition[] {
  return (error.CancellationReasons ?? []).flatMap(({ Code, Item }, index) => {
    if (Code !== 'ConditionalCheckFailed') return []
    return [{ index, item: Item && readItem(Item) }]
  })
}

/** Nothing but what goes by: conflicts and throttles. */
function isPassing(error: TransactionCanceledException): boolean {
  const passing = ['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']
  return (error.CancellationReasons ?? []).every(({ Code }) => Code === undefined || passing.includes(Code))
}
