import { AwsError, type AwsOperation, type JsonObject } from '../aws-json.ts'
import type { QueueDeclaration, ReceivedMessage, SentMessage } from './queue.types.ts'
import { queueDoesNotExist, resourceNotFound } from './queue-errors.ts'
import {
  longestMessageBytes,
  optionalInteger,
  optionalVisibilityTimeout,
  parseBatch,
  parseOutgoing,
  requestedNames,
  requiredText,
  requiredVisibilityTimeout,
} from './queue-requests.ts'
import type { OpenQueues } from './queues.ts'

export type QueueAddresses = { queueUrl(queueName: string): string; queueArn(queueName: string): string }

/** The SQS operations over the queues, by name. */
export function queueOperations(queues: OpenQueues, addresses: QueueAddresses): Record<string, AwsOperation> {
  /** A queue is known by the last part of its URL, so that a URL from before a restart on another port still works. */
  const queueOf = (input: JsonObject): QueueDeclaration =>
    queues.declaration(requiredText(input, 'QueueUrl').split('/').at(-1)!)

  return {
    GetQueueUrl: (input) => {
      const { name } = queues.declaration(requiredText(input, 'QueueName'))
      return { QueueUrl: addresses.queueUrl(name) }
    },
    GetQueueAttributes: (input) => {
      const attributes = describeQueue(queues, addresses, queueOf(input))
      const names = requestedNames(input, 'AttributeNames')
      return { Attributes: pick(attributes, names) }
    },
    PurgeQueue: (input) => {
      queues.purge(queueOf(input).name)
      return {}
    },
    SendMessage: (input) => {
      const queue = queueOf(input)
      return describeSent(queues.send(queue.name, parseOutgoing(input, queue)))
    },
    SendMessageBatch: (input) => {
      const queue = queueOf(input)
      return eachEntry(input, (entry) => describeSent(queues.send(queue.name, parseOutgoing(entry, queue))))
    },
    ReceiveMessage: (input, signal) => receiveMessage(queues, queueOf(input), input, signal),
    DeleteMessage: (input) => {
      queues.delete(queueOf(input).name, requiredText(input, 'ReceiptHandle'))
      return {}
    },
    DeleteMessageBatch: (input) => {
      const queue = queueOf(input)
      return eachEntry(input, (entry) => {
        queues.delete(queue.name, requiredText(entry, 'ReceiptHandle'))
        return {}
      })
    },
    ChangeMessageVisibility: (input) => {
      const queue = queueOf(input)
      const receiptHandle = requiredText(input, 'ReceiptHandle')
      queues.changeVisibility(queue.name, receiptHandle, requiredVisibilityTimeout(input))
      return {}
    },
    ChangeMessageVisibilityBatch: (input) => {
      const queue = queueOf(input)
      return eachEntry(input, (entry) => {
        const receiptHandle = requiredText(entry, 'ReceiptHandle')
        queues.changeVisibility(queue.name, receiptHandle, requiredVisibilityTimeout(entry))
        return {}
      })
    },
    StartMessageMoveTask: (input) => startMessageMoveTask(queues, input),
  }
}

async function receiveMessage(
  queues: OpenQueues,
  queue: QueueDeclaration,
  input: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const maxMessages = optionalInteger(input, 'MaxNumberOfMessages', 1, 10) ?? 1
  const waitSeconds = optionalInteger(input, 'WaitTimeSeconds', 0, 20) ?? 0
  const receive = () =>
    queues.receive(queue.name, { maxMessages, visibilityTimeoutSeconds: optionalVisibilityTimeout(input) })
  let messages = receive()
  const enough = AbortSignal.any([signal, AbortSignal.timeout(waitSeconds * 1000)])
  while (messages.length === 0 && waitSeconds > 0 && !enough.aborted) {
    await queues.waitForChange(queue.name, enough)
    // Nobody would get what is received for a caller that has gone.
    if (!signal.aborted) messages = receive()
  }
  return messages.length === 0 ? {} : { Messages: messages.map((message) => describeMessage(message, input)) }
}

function startMessageMoveTask(queues: OpenQueues, input: JsonObject): JsonObject {
  const source = queues.declaration(nameOfArn(requiredText(input, 'SourceArn'))).name
  if (!queues.holdsFailures(source)) {
    throw resourceNotFound('The source of a message move task must be a dead-letter queue.')
  }
  const destination =
    input.DestinationArn === undefined ? undefined : nameOfArn(requiredText(input, 'DestinationArn'))
  if (destination !== undefined) queues.declaration(destination)
  queues.redrive(source, destination)
  return { TaskHandle: Buffer.from(JSON.stringify({ source, at: Date.now() })).toString('base64') }
}

function nameOfArn(arn: string): string {
  const name = arn.split(':')[5]
  if (!name) throw queueDoesNotExist()
  return name
}

function eachEntry(input: JsonObject, run: (entry: JsonObject) => JsonObject): JsonObject {
  const successful: JsonObject[] = []
  const failed: JsonObject[] = []
  for (const entry of parseBatch(input)) {
    try {
      successful.push({ Id: entry.Id, ...run(entry) })
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      failed.push({
        Id: entry.Id,
        SenderFault: true,
        Code: error.queryCode ?? error.code,
        Message: error.message,
      })
    }
  }
  return { Successful: successful, ...(failed.length === 0 ? {} : { Failed: failed }) }
}

function describeSent(sent: SentMessage): JsonObject {
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: sent.bodyMd5,
    MD5OfMessageAttributes: sent.messageAttributesMd5,
    SequenceNumber: sent.sequenceNumber,
  }
}

function describeMessage(message: ReceivedMessage, input: JsonObject): JsonObject {
  const attributes = pick(
    message.attributes,
    requestedNames(input, 'AttributeNames', 'MessageSystemAttributeNames'),
  )
  const messageAttributes = pick(message.messageAttributes, requestedNames(input, 'MessageAttributeNames'))
  const wantsMessageAttributes = Object.keys(messageAttributes).length > 0
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: message.bodyMd5,
    ...(Object.keys(attributes).length === 0 ? {} : { Attributes: attributes }),
    ...(wantsMessageAttributes
      ? { MessageAttributes: messageAttributes, MD5OfMessageAttributes: message.messageAttributesMd5 }
      : {}),
  }
}

/** The values asked for by name, by `All`, or by a prefix (`billing.*`). */
function pick<Value>(values: Record<string, Value>, names: string[]): Record<string, Value> {
  const isWanted = (key: string) =>
    names.some(
      (name) => name === 'All' || name === key || (name.endsWith('.*') && key.startsWith(name.slice(0, -2))),
    )
  return Object.fromEntries(Object.entries(values).filter(([key]) => isWanted(key)))
}

function describeQueue(
  queues: OpenQueues,
  addresses: QueueAddresses,
  queue: QueueDeclaration,
): Record<string, string> {
  const depth = queues.depth(queue.name)
  return {
    ApproximateNumberOfMessages: String(depth.visible),
    ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
    QueueArn: addresses.queueArn(queue.name),
    VisibilityTimeout: String(queue.visibilityTimeoutSeconds ?? 30),
    DelaySeconds: String(queue.delaySeconds ?? 0),
    MaximumMessageSize: String(longestMessageBytes),
    ReceiveMessageWaitTimeSeconds: '0',
    ...(queue.fifo
      ? { FifoQueue: 'true', ContentBasedDeduplication: String(Boolean(queue.contentBasedDeduplication)) }
      : {}),
    ...(queue.deadLetterQueue
      ? {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: addresses.queueArn(queue.deadLetterQueue.name),
            maxReceiveCount: queue.deadLetterQueue.maxReceiveCount,
          }),
        }
      : {}),
  }
}
