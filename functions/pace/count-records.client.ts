import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda'
import { readItem } from '../edge/dynamodb.ts'
import { log } from '../edge/log.ts'
import type { Entry } from '../ledger/entry.ts'

type ReadRecord = { index: number; entry: Entry }

/**
 * Counts a batch of the ledger's stream, account by account. Answers with the first record that was not counted: that one
 * and all after it are delivered again, and what of them is counted already is not counted twice.
 */
export async function countRecords(
  records: readonly DynamoDBRecord[],
  count: (accountId: string, entries: readonly Entry[]) => Promise<void>,
): Promise<DynamoDBBatchResponse> {
  const failed: number[] = []
  const read: ReadRecord[] = []
  for (const [index, record] of records.entries()) {
    try {
      read.push({ index, entry: entryOf(record) })
    } catch (error) {
      log.error('an entry cannot be read', { eventId: record.eventID, error: error as Error })
      failed.push(index)
      // Behind it nothing of its account may be counted, and it does not say which that is.
      break
    }
  }
  const byAccount = Map.groupBy(read, ({ entry }) => entry.accountId)
  const counts = [...byAccount].map(async ([accountId, own]) => {
    try {
      await count(
        accountId,
        own.map(({ entry }) => entry),
      )
    } catch (error) {
      log.error('usage was not counted', { accountId, error: error as Error })
      failed.push(own[0]!.index)
    }
  })
  await Promise.all(counts)
  if (failed.length === 0) return { batchItemFailures: [] }
  const first = records[Math.min(...failed)]!
  return { batchItemFailures: [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? '' }] }
}

function entryOf({ dynamodb }: DynamoDBRecord): Entry {
  if (!dynamodb?.NewImage) throw new Error('a record of the stream carries no entry')
  const { pk, sk, ...entry } = readItem(dynamodb.NewImage as Record<string, AttributeValue>)
  return entry as Entry
}
