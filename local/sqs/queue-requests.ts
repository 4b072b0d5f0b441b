import type { JsonObject } from '../aws-json.ts'
import { messageSizeBytes } from './message-digests.ts'
import type { MessageAttribute, OutgoingMessage, QueueDeclaration } from './queue.types.ts'
import { batchError, invalidMessageContents, invalidParameter, missingParameter } from './queue-errors.ts'

/** The longest message, and the longest batch in sum: 1 MiB since August 2025 (256 KiB before). */
export const longestMessageBytes = 1_048_576

const longestDelaySeconds = 900
const longestVisibilitySeconds = 43_200

/** A text that must be there; refused as SQS refuses a missing parameter. */
export function requiredText(input: JsonObject, name: string): string {
  const value = input[name]
  if (typeof value !== 'string' || value === '') throw missingParameter(name)
  return value
}

/** A whole number within the bounds, or undefined when it is not given. */
export function optionalInteger(
  input: JsonObject,
  name: string,
  lowest: number,
  highest: number,
): number | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < lowest || value > highest) {
    throw invalidParameter(
      `Value ${String(value)} for parameter ${name} is invalid. Reason: Must be between ${lowest} and ${highest}.`,
    )
  }
  return value
}

export function requiredVisibilityTimeout(input: JsonObject): number {
  const seconds = optionalInteger(input, 'VisibilityTimeout', 0, longestVisibilitySeconds)
  if (seconds === undefined) throw missingParameter('VisibilityTimeout')
  return seconds
}

export function optionalVisibilityTimeout(input: JsonObject): number | undefined {
  return optionalInteger(input, 'VisibilityTimeout', 0, longestVisibilitySeconds)
}

/** The names asked for under any of the given parameters. */
export function requestedNames(input: JsonObject, ...parameters: string[]): string[] {
  return parameters.flatMap((parameter) =>
    Array.isArray(input[parameter]) ? (input[parameter] as string[]) : [],
  )
}

/** One message of a request, checked against the limits that SQS documents and the type of its queue. */
export function parseOutgoing(input: JsonObject, queue: QueueDeclaration): OutgoingMessage {
  const body = requiredText(input, 'MessageBody')
  if (hasForbiddenCharacters(body)) throw invalidMessageContents()
  const messageAttributes = (input.MessageAttributes ?? {}) as Record<string, MessageAttribute>
  if (Object.keys(messageAttributes).length > 10)
    throw invalidParameter('A message has at most 10 attributes.')
  for (const [name, attribute] of Object.entries(messageAttributes)) {
    if (!/^(String|Number|Binary)(\..+)?$/.test(attribute?.DataType ?? '')) {
      throw invalidParameter(`The message attribute '${name}' must have a type of String, Number or Binary.`)
    }
  }
  if (messageSizeBytes(body, messageAttributes) > longestMessageBytes) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${longestMessageBytes} bytes.`,
    )
  }
  const delaySeconds = optionalInteger(input, 'DelaySeconds', 0, longestDelaySeconds)
  if (queue.fifo && delaySeconds) {
    throw invalidParameter(
      `Value ${delaySeconds} for parameter DelaySeconds is invalid. Reason: A FIFO queue has one delay for all its messages.`,
    )
  }
  const systemAttributes = input.MessageSystemAttributes as Record<string, MessageAttribute> | undefined
  return {
    body,
    messageAttributes,
    groupId: identifier(input, 'MessageGroupId'),
    deduplicationId: queue.fifo ? identifier(input, 'MessageDeduplicationId') : undefined,
    delaySeconds: queue.fifo ? undefined : delaySeconds,
    traceHeader: systemAttributes?.AWSTraceHeader?.StringValue,
  }
}

/** The entries of a batch: 1 to 10, with distinct, well-formed ids; together no longer than one message may be. */
export function parseBatch(input: JsonObject): JsonObject[] {
  const entries = (Array.isArray(input.Entries) ? input.Entries : []) as JsonObject[]
  if (entries.length === 0)
    throw batchError('EmptyBatchRequest', 'There should be at least one entry in the request.')
  if (entries.length > 10) {
    throw batchError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    )
  }
  const ids = entries.map((entry) => requiredText(entry, 'Id'))
  if (!ids.every((id) => /^[A-Za-z0-9_-]{1,80}$/.test(id))) {
    throw batchError(
      'InvalidBatchEntryId',
      'A batch entry id has only letters, digits, hyphens and underscores, at most 80.',
    )
  }
  if (new Set(ids).size !== ids.length)
    throw batchError('BatchEntryIdsNotDistinct', 'Ids of a batch must be distinct.')
  const sizeBytes = entries.reduce((sum, entry) => sum + entrySizeBytes(entry), 0)
  if (sizeBytes > longestMessageBytes) {
    throw batchError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${longestMessageBytes} bytes. You have sent ${sizeBytes} bytes.`,
    )
  }
  return entries
}

function entrySizeBytes(entry: JsonObject): number {
  if (typeof entry.MessageBody !== 'string') return 0
  return messageSizeBytes(
    entry.MessageBody,
    (entry.MessageAttributes ?? {}) as Record<string, MessageAttribute>,
  )
}

/** A group or deduplication id: 1 to 128 printable ASCII characters. */
function identifier(input: JsonObject, name: string): string | undefined {
  const value = input[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || !/^[!-~]{1,128}$/.test(value)) {
    throw invalidParameter(
      `Value ${String(value)} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters, 1 to 128 in length.`,
    )
  }
  return value
}

/** SQS takes the characters of XML 1.0 alone. */
function hasForbiddenCharacters(text: string): boolean {
  return /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(text)
}
