import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda'
import { readItem } from '../edge/dynamodb.ts'
import { log } from '../edge/log.ts'
import { EventsNotPut } from './bus.client.ts'
import type { BusEvent, ChangedItem, PutEvents } from './event.ts'

/**
 * Publishes a batch of a table's stream in its order. Answers with the first record that did not get through: that one
 * and all after it are delivered again, so that nothing is lost; what was published already comes twice, with the same
 * ids. A record that cannot be read stops the batch in the same way.
 */
export async function publishRecords(
  records: readonly DynamoDBRecord[],
  put: PutEvents,
  eventsOf: (change: ChangedItem) => BusEvent[],
): Promise<DynamoDBBatchResponse> {
  const events: BusEvent[] = []
  /** The record that each event came from. */
  const origins: number[] = []
  let failedRecord: number | undefined
  for (const [index, record] of records.entries()) {
    try {
      for (const event of eventsOf(changeOf(record))) {
        events.push(event)
        origins.push(index)
      }
    } catch (error) {
      log.error('a change cannot be told', { eventId: record.eventID, error: error as Error })
      failedRecord = index
      break
    }
  }
  try {
    await put(events)
  } catch (error) {
    log.error('changes were not published', { error: error as Error })
    failedRecord = error instanceof EventsNotPut ? origins[error.firstIndex]! : 0
  }
  if (failedRecord === undefined) return { batchItemFailures: [] }
  return { batchItemFailures: [{ itemIdentifier: records[failedRecord]!.dynamodb?.SequenceNumber ?? '' }] }
}

function changeOf({ dynamodb }: DynamoDBRecord): ChangedItem {
  const read = (image: unknown) => (image ? readItem(image as Record<string, AttributeValue>) : undefined)
  return { before: read(dynamodb?.OldImage), after: read(dynamodb?.NewImage) }
}
