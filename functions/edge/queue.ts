import middy from '@middy/core'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { z } from 'zod'
import { log } from './log.ts'
import { parseJson } from './read-request.ts'

export type Message<Body> = { id: string; group: string; body: Body }

/**
 * The Lambda behind a queue. `run` gets all messages of a batch that parse and returns the ids of those to be delivered
 * again; when it throws, all are. A message that does not parse can never succeed: it goes back too, and so, after the
 * queue's tries, to its dead-letter queue where somebody sees it.
 */
export function queueHandler<Schema extends z.ZodType>(options: {
  schema: Schema
  run: (messages: Message<z.output<Schema>>[]) => Promise<{ failedIds: Iterable<string> }>
}) {
  return middy<SQSEvent, SQSBatchResponse>().handler(async (event) => {
    const failedIds = new Set<string>()
    const stoppedGroups = new Set<string>()
    const messages: Message<z.output<Schema>>[] = []
    for (const record of event.Records) {
      const group = record.attributes.MessageGroupId ?? ''
      const body = stoppedGroups.has(group) ? undefined : parseBody(options.schema, record)
      if (body !== undefined) messages.push({ id: record.messageId, group, body })
      else {
        failedIds.add(record.messageId)
        // In a FIFO group nothing may overtake what failed.
        if (group) stoppedGroups.add(group)
      }
    }
    try {
      const outcome = messages.length > 0 ? await options.run(messages) : { failedIds: [] }
      for (const id of outcome.failedIds) failedIds.add(id)
    } catch (error) {
      log.error('batch failed', error as Error)
      for (const message of messages) failedIds.add(message.id)
    }
    return { batchItemFailures: [...failedIds].map((itemIdentifier) => ({ itemIdentifier })) }
  })
}

/** A queue's `run` for messages that have nothing to do with each other: one failing leaves the others done. */
export function eachMessage<Body>(run: (body: Body) => Promise<void>) {
  return async (messages: Message<Body>[]) => {
    const failedIds: string[] = []
    for (const message of messages) {
      try {
        await run(message.body)
      } catch (error) {
        log.error('message failed', { messageId: message.id, error: error as Error })
        failedIds.push(message.id)
      }
    }
    return { failedIds }
  }
}

function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  record: SQSRecord,
): z.output<Schema> | undefined {
  try {
    return schema.parse(parseJson(record.body))
  } catch (error) {
    log.error('message is not as expected', { messageId: record.messageId, error: error as Error })
    return undefined
  }
}
