import type { Json } from './intrinsics.ts'

export type LocalFunction = {
  name: string
  arn: string
  /** The construct's path, e.g. `Drawdown/TopUp/Function`. */
  path: string
  assetFolder: string
  handler: string
  timeoutSeconds: number
  memoryMegabytes: number
  environment: Record<string, string>
  /** How often an asynchronous invocation is tried again, and where it goes after that. */
  asynchronousRetries: number
  onFailureArn?: string
}

export type LocalRoute = {
  /** `POST /v1/usage`, `ANY /{proxy+}` or `$default`. */
  routeKey: string
  functionName: string
  authorizer?: { audience: string[]; issuer: string; scopes: string[] }
}

export type LocalCors = {
  allowOrigins: string[]
  allowMethods: string[]
  allowHeaders: string[]
  exposeHeaders: string[]
  allowCredentials: boolean
  maxAgeSeconds?: number
}

export type LocalQueue = {
  name: string
  arn: string
  fifo: boolean
  contentBasedDeduplication: boolean
  visibilityTimeoutSeconds: number
  delaySeconds: number
  messageRetentionSeconds: number
  redrive?: { deadLetterQueueName: string; maxReceiveCount: number }
}

type MappingCommon = {
  functionName: string
  batchSize: number
  batchingWindowSeconds: number
  /** Event patterns as objects; a record is delivered when one of them matches. */
  filterPatterns: Json[]
  reportBatchItemFailures: boolean
}
export type QueueMapping = MappingCommon & { kind: 'queue'; queueName: string; maximumConcurrency?: number }
export type StreamMapping = MappingCommon & {
  kind: 'stream'
  id: string
  tableName: string
  startingPosition: 'TRIM_HORIZON' | 'LATEST'
  bisectBatchOnError: boolean
  /** Infinity when the mapping sets no limit. */
  maximumRetryAttempts: number
  onFailureArn?: string
}

export type LocalTarget = {
  arn: string
  id: string
  input?: string
  inputPath?: string
  inputTransformer?: { pathsMap: Record<string, string>; template: string }
  messageGroupId?: string
  deadLetterArn?: string
}
export type LocalRule = { name: string; busName: string; pattern: Json; targets: LocalTarget[] }

export type LocalSchedule = {
  name: string
  expression: string
  timezone: string
  target: LocalTarget
  /** A Scheduler schedule, or a rule of the default bus with a schedule expression. */
  kind: 'scheduler' | 'rule'
}

export type LocalTable = {
  name: string
  arn: string
  keySchema: { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[]
  attributeDefinitions: { AttributeName: string; AttributeType: 'S' | 'N' | 'B' }[]
  globalSecondaryIndexes: {
    IndexName: string
    KeySchema: { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[]
    Projection: { ProjectionType?: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; NonKeyAttributes?: string[] }
  }[]
  streamViewType?: 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY'
}

/** What runs here: the parts of the synthesized stacks that this machine has a stand-in for. */
export type LocalTemplate = {
  region: string
  accountId: string
  functions: Map<string, LocalFunction>
  routes: LocalRoute[]
  cors?: LocalCors
  queues: LocalQueue[]
  queueMappings: QueueMapping[]
  streamMappings: StreamMapping[]
  buses: string[]
  rules: LocalRule[]
  schedules: LocalSchedule[]
  tables: LocalTable[]
  buckets: string[]
  mailIdentities: string[]
  secrets: { name: string; arn: string }[]
}
