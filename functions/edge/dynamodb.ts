import {
  type AttributeValue,
  type ConditionalCheckFailedException,
  DynamoDBClient,
  type TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'

/** Every DynamoDB number is a whole number and comes back as a bigint, so that no amount ever passes through a JS number. */
const wrapNumbers = (digits: string) => BigInt(digits)

/** The document client of the house. */
export function documentClient(client: DynamoDBClient = new DynamoDBClient({})): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers },
  })
}

/** An item as it comes beside the document client, in stream records and failed conditions, read as that client reads it. */
export function readItem(attributes: Record<string, AttributeValue>): Record<string, unknown> {
  return unmarshall(attributes, { wrapNumbers })
}

/** The transaction was refused as a whole; `CancellationReasons` says why, item by item. */
export function isCancelled(error: unknown): error is TransactionCanceledException {
  return error instanceof Error && error.name === 'TransactionCanceledException'
}

/** The condition of a single write did not hold: nothing was written. */
export function isConditionFailed(error: unknown): error is ConditionalCheckFailedException {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException'
}

/** Makes a single conditional write: true when it was made, false where its condition did not hold. */
export async function conditionHeld(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isConditionFailed(error)) return false
    throw error
  }
}

const PASSING_ERRORS = new Set([
  'TransactionInProgressException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'AbortError',
])

/** A throttle, a server's fault or a broken connection: the outcome is unknown, and the next read tells it. */
export function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0
  return (
    PASSING_ERRORS.has(error.name) ||
    status >= 500 ||
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)/.test(code)
  )
}
