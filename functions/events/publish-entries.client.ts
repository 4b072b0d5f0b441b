import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda'
import { readItem } from '../edge/dynamodb.ts'
import { log } from '../edge/log.ts'
import type { StatusChange } from '../ledger/decide-status.ts'
import type { Entry } from '../ledger/entry.ts'
import { GAP_PREFIX } from '../usage/numbered-keys.ts'
import { EventsNotPut } from './bus.client.ts'
import type { BusEvent, PutEvents } from './event.ts'
import { eventOfGap } from './event-of-gap.ts'
import { eventOfStatus } from './event-of-status.ts'
import { eventsOfEntry } from './events-of-entry.ts'

/**
 * Publishes a batch of the ledger's stream in its order. Answers with the first record that did not get through: that one
 * and all after it are delivered again, so that nothing is lost; what was published already comes twice, with the same
 * ids. A record that cannot be read stops the batch in the same way.
 */
export async function publishEntries(
  records: readonly DynamoDBRecord[],
  put: PutEvents,
): Promise<DynamoDBBatchResponse> {
  const events: BusEvent[] = []
  /** The record that each event came from. */
  const origins: number[] = []
  let failedRecord: number | undefined
  for (const [index, record] of records.entries()) {
    try {
      for (const event of eventsOfRecord(record)) {
        events.push(event)
        origins.push(index)
      }
    } catch (error) {
      log.error('an entry cannot be told', { eventId: record.eventID, error: error as Error })
      failedRecord = index
      break
    }
  }
  try {
    await put(events)
  } catch (error) {
    log.error('entries were not published', { error: error as Error })
    failedRecord = error instanceof EventsNotPut ? origins[error.firstIndex]! : 0
  }
  if (failedRecord === undefined) return { batchItemFailures: [] }
  return { batchItemFailures: [{ itemIdentifier: records[failedRecord]!.dynamodb?.SequenceNumber ?? '' }] }
}

function eventsOfRecord(record: DynamoDBRecord): BusEvent[] {
  const image = record.dynamodb?.NewImage
  const sortKey = image?.sk?.S ?? ''
  if (record.eventName !== 'INSERT' || !image) return []
  const { pk, sk, ...item } = readItem(image as Record<string, AttributeValue>)
  if (sortKey.startsWith(GAP_PREFIX)) return [eventOfGap({ sk, ...item })]
  if (sortKey.startsWith('STATUS#')) return [eventOfStatus(item as StatusChange)]
  return sortKey.startsWith('ENTRY#') ? eventsOfEntry(item as Entry) : []
}
