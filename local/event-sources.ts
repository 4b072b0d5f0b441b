import { AwsError } from './aws-json.ts'
import { compileEventPattern } from './eventbridge/event-pattern.ts'
import type { InvocationOutcome, Lambda } from './lambda.ts'
import type { ReceivedMessage, Sqs } from './sqs.ts'
import type { QueueMapping } from './template.ts'

export type EventSources = {
  /** Takes no further message; resolves when those taken are finished. */
  close(): Promise<void>
}

type Options = { mappings: readonly QueueMapping[]; sqs: Sqs; lambda: Lambda; region: string }

// What AWS's pollers start with for a standard queue, and what one function may run at once here.
const usualConcurrency = 4
// A window saves invocations on AWS; here it would only make people wait.
const longestWindowMillis = 200
const firstRetrySeconds = 0.1
const longestRetrySeconds = 12.5

/**
 * Feeds the queues' messages to their functions, as Lambda's event source mappings do: batches, partial batch responses, one
 * batch at a time per FIFO group. A failed message comes back after 0.1, 0.5, 2.5 and 12.5 s, and not only when its visibility timeout
 * ends; the queue's redrive policy counts the attempts as usual.
 */
export function startEventSources(options: Options): EventSources {
  const pollers = options.mappings.map((mapping) => startPoller(mapping, options))
  return { close: async () => void (await Promise.all(pollers.map((poller) => poller.close()))) }
}

function startPoller(mapping: QueueMapping, { sqs, lambda, region }: Options): EventSources {
  const { queueName, functionName, batchSize } = mapping
  const concurrency = mapping.maximumConcurrency ?? usualConcurrency
  const windowMillis = Math.min(mapping.batchingWindowSeconds * 1000, longestWindowMillis)
  const running = new Set<Promise<void>>()
  let closed = false
  let windowTimer: NodeJS.Timeout | undefined

  const take = () => {
    clearTimeout(windowTimer)
    windowTimer = undefined
    while (!closed && running.size < concurrency) {
      const messages = sqs.receive(queueName, { maxMessages: batchSize })
      if (messages.length === 0) return
      const batch = processBatch(messages).finally(() => {
        running.delete(batch)
        take()
      })
      running.add(batch)
    }
  }

  const wake = () => {
    if (closed || windowTimer !== undefined) return
    if (windowMillis > 0 && sqs.depth(queueName).visible < batchSize)
      windowTimer = setTimeout(take, windowMillis)
    else take()
  }

  const patterns = mapping.filterPatterns.map(compileEventPattern)
  const arn = sqs.queueArn(queueName)

  const processBatch = async (messages: ReceivedMessage[]): Promise<void> => {
    const wanted = messages.filter((message) => matchesAny(patterns, message))
    // What no filter lets through is gone, as on AWS.
    for (const message of messages) if (!wanted.includes(message)) finish(message)
    if (wanted.length === 0) return
    const outcome = await lambda.invoke(functionName, {
      Records: wanted.map((message) => recordOf(message, arn, region)),
    })
    const failed = failedMessages(wanted, outcome, mapping.reportBatchItemFailures)
    for (const message of wanted) {
      if (failed.has(message.messageId)) returnToQueue(message)
      else finish(message)
    }
  }

  const finish = (message: ReceivedMessage) =>
    tolerateOutdatedReceipt(() => sqs.delete(queueName, message.receiptHandle))
  const returnToQueue = (message: ReceivedMessage) => {
    const attempts = Number(message.attributes.ApproximateReceiveCount ?? 1)
    const seconds = Math.min(firstRetrySeconds * 5 ** (attempts - 1), longestRetrySeconds)
    tolerateOutdatedReceipt(() => sqs.changeVisibility(queueName, message.receiptHandle, seconds))
  }

  const endListening = sqs.onMessage(queueName, wake)
  queueMicrotask(wake)
  return {
    async close() {
      closed = true
      endListening()
      clearTimeout(windowTimer)
      await Promise.all(running)
    },
  }
}

// A function that ran longer than the visibility timeout: the message is somebody else's by now and comes again.
function tolerateOutdatedReceipt(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
  }
}

function matchesAny(patterns: ((event: unknown) => boolean)[], message: ReceivedMessage): boolean {
  if (patterns.length === 0) return true
  let body: unknown = message.body
  try {
    body = JSON.parse(message.body)
  } catch {
    // A body that is not JSON is matched as the text it is.
  }
  return patterns.some((matches) => matches({ ...message, body }))
}

function recordOf(message: ReceivedMessage, eventSourceARN: string, awsRegion: string) {
  const messageAttributes = Object.entries(message.messageAttributes).map(([name, attribute]) => [
    name,
    {
      dataType: attribute.DataType,
      stringListValues: [],
      binaryListValues: [],
      ...(attribute.StringValue === undefined ? {} : { stringValue: attribute.StringValue }),
      ...(attribute.BinaryValue === undefined ? {} : { binaryValue: attribute.BinaryValue }),
    },
  ])
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: message.attributes,
    messageAttributes: Object.fromEntries(messageAttributes) as Record<string, unknown>,
    md5OfBody: message.bodyMd5,
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion,
  }
}

/**
 * The ids to be delivered again. As on AWS, a partial batch response counts only where the mapping asks for it, and one that
 * cannot be read or names a message that was not in the batch fails the whole batch.
 */
function failedMessages(
  messages: ReceivedMessage[],
  outcome: InvocationOutcome,
  reportsFailures: boolean,
): Set<string> {
  const everything = new Set(messages.map((message) => message.messageId))
  if (!outcome.ok) return everything
  if (!reportsFailures) return new Set()
  const identifiers = batchItemFailures(outcome.payloadJson)
  if (identifiers === undefined || identifiers.some((id) => !everything.has(id))) return everything
  return new Set(identifiers)
}

/** The identifiers of a partial batch response; undefined when it is not one. An empty or absent response means success. */
export function batchItemFailures(payloadJson: string): string[] | undefined {
  const payload = JSON.parse(payloadJson) as {
    batchItemFailures?: { itemIdentifier?: unknown }[] | null
  } | null
  const failures = payload?.batchItemFailures ?? []
  if (!Array.isArray(failures)) return undefined
  const identifiers = failures.map((failure) => failure?.itemIdentifier)
  return identifiers.every((id): id is string => typeof id === 'string' && id !== '')
    ? identifiers
    : undefined
}
