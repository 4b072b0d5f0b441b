import { md5OfAttributes, md5OfBody } from './message-digests.ts'
import type { MessageRow } from './message-rows.ts'
import type { MessageAttribute, QueueDeclaration, ReceivedMessage } from './queue.types.ts'
import { receiptHandleInvalid } from './queue-errors.ts'

/** A taken row as its receiver sees it, with every system attribute that applies. */
export function describeReceived(queue: QueueDeclaration, row: MessageRow): ReceivedMessage {
  const messageAttributes = JSON.parse(row.attributes) as Record<string, MessageAttribute>
  return {
    messageId: row.message_id,
    receiptHandle: Buffer.from(`${row.sequence}.${row.receipt}`).toString('base64'),
    body: row.body,
    bodyMd5: md5OfBody(row.body),
    messageAttributes,
    messageAttributesMd5: md5OfAttributes(messageAttributes),
    attributes: {
      SenderId: 'local',
      SentTimestamp: String(row.sent_at),
      ApproximateReceiveCount: String(row.receive_count),
      ApproximateFirstReceiveTimestamp: String(row.first_received_at),
      ...(row.group_id === null ? {} : { MessageGroupId: row.group_id }),
      ...(row.deduplication_id === null ? {} : { MessageDeduplicationId: row.deduplication_id }),
      ...(queue.fifo ? { SequenceNumber: sequenceNumberOf(row.sequence) } : {}),
      ...(row.trace_header === null ? {} : { AWSTraceHeader: row.trace_header }),
    },
  }
}

/** Twenty digits, as on SQS; a later message of the same group has the larger one. */
export function sequenceNumberOf(sequence: number): string {
  return String(sequence).padStart(20, '0')
}

/** What a receipt handle says; one that was never given out is refused. */
export function parseReceiptHandle(handle: string): { sequence: number; receipt: string } {
  const text = Buffer.from(handle, 'base64').toString('latin1')
  const [, sequence, receipt] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? []
  if (!sequence || !receipt) throw receiptHandleInvalid()
  return { sequence: Number(sequence), receipt }
}
