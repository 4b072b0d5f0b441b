/**
 * List prices in US dollars, us-east-1, on demand, first tier, without free tier, savings plan or discount; as of
 * 2026-06, from the pages of the same names under aws.amazon.com (…/pricing).
 */
export const PRICES_AS_OF = 'us-east-1, 2026-06'

const MILLION = 1_000_000
const GIGABYTE = 1_000_000_000

export const USD_PER = {
  /** API Gateway, HTTP API: $1.00 per million requests, metered in 512 KB. */
  httpRequest: 1.0 / MILLION,
  /** Data transfer out to the internet: $0.09 per GB. */
  byteOut: 0.09 / GIGABYTE,
  /** SQS FIFO: $0.50 per million requests; every 64 KB of a request is one. */
  fifoQueueRequest: 0.5 / MILLION,
  /** SQS standard: $0.40 per million requests. */
  queueRequest: 0.4 / MILLION,
  /** Lambda: $0.20 per million requests. */
  lambdaRequest: 0.2 / MILLION,
  /** Lambda on arm64. */
  lambdaGigabyteSecond: 0.0000133334,
  /** DynamoDB on demand, standard table class, since 2024-11: $0.625 per million. Reading the stream from Lambda is free. */
  writeUnit: 0.625 / MILLION,
  /** DynamoDB on demand: $0.125 per million, each a strongly consistent read of 4 KB. */
  readUnit: 0.125 / MILLION,
  /** EventBridge: $1.00 per million custom events of 64 KB; delivery to a queue of the same account is free. */
  busEvent: 1.0 / MILLION,
  /** CloudWatch Logs: $0.50 per GB ingested. */
  logByte: 0.5 / GIGABYTE,
  /** X-Ray: $5.00 per million traces recorded. */
  trace: 5.0 / MILLION,
} as const

export type Priced = keyof typeof USD_PER

export const HTTP_METERED_BYTES = 512 * 1024
export const QUEUE_METERED_BYTES = 64 * 1024
/** X-Ray's own rule: the first request of a second, and of the others this part. */
export const TRACED_PART = 0.05
/** Lambda's own two JSON lines per invocation (start and report), with what CloudWatch adds to each. The functions log nothing when all is well. */
export const LOG_BYTES_PER_INVOCATION = 1000
/** Lambda gives a whole core from so much memory on, and below it as much less as there is less memory. */
export const MEMORY_MEGABYTES_PER_CORE = 1769
