import type { Json } from './intrinsics.ts'
import { type Found, functionNameIn, functionOf, lastPart, type Reading } from './reading.ts'
import type { LocalFunction, QueueMapping, StreamMapping } from './template.types.ts'

/** Reads a function: its bundle, limits and environment. */
export function readFunction(reading: Reading, found: Found): void {
  const code = reading.get<{ S3Key?: string; ZipFile?: string }>('Code') ?? {}
  const hash = (code.S3Key ?? '').replace(/^.*\//, '').replace(/\.zip$/, '')
  const assetFolder = found.assetFolders.get(hash) ?? ''
  const { Variables = {} } = reading.get<{ Variables?: Record<string, Json> }>('Environment') ?? {}
  const entry: LocalFunction = {
    name: reading.name,
    arn: reading.arn,
    path: reading.resource.path,
    assetFolder,
    handler: reading.get<string>('Handler') ?? '',
    timeoutSeconds: Number(reading.get('Timeout') ?? 3),
    memoryMegabytes: Number(reading.get('MemorySize') ?? 128),
    environment: Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, String(value)])),
    asynchronousRetries: 2,
  }
  found.functions.set(entry.name, entry)
}

/** Reads how a function’s asynchronous events are retried and where they end. */
export function readInvokeConfig(reading: Reading, found: Found): void {
  const target =
    found.functions.get(functionNameIn(reading.get<string>('FunctionName') ?? '')) ??
    reading.fail('configures a function that is not here')
  target.asynchronousRetries = Number(reading.get('MaximumRetryAttempts') ?? 2)
  const destination = reading.get<{ OnFailure?: { Destination: string } }>('DestinationConfig')
  if (destination?.OnFailure !== undefined) target.onFailureArn = destination.OnFailure.Destination
}

/** Reads an event source mapping of a queue or a table’s stream; any other source is an error. */
export function readMapping(reading: Reading, found: Found): void {
  if (reading.get('Enabled') === false) return
  const source = reading.get<string>('EventSourceArn') ?? ''
  const filters =
    reading
      .get<{ Filters?: { Pattern: string }[] }>('FilterCriteria')
      ?.Filters?.map((filter) => filter.Pattern) ?? []
  const common = {
    functionName: functionOf(reading, found, reading.get<string>('FunctionName') ?? ''),
    batchingWindowSeconds: Number(reading.get('MaximumBatchingWindowInSeconds') ?? 0),
    filterPatterns: filters.map((pattern) => JSON.parse(pattern) as Json),
    reportBatchItemFailures: (reading.get<string[]>('FunctionResponseTypes') ?? []).includes(
      'ReportBatchItemFailures',
    ),
  }
  const batchSize = reading.get('BatchSize')
  const onFailureArn = reading.get<{ OnFailure?: { Destination?: string } }>('DestinationConfig')?.OnFailure
    ?.Destination
  if (source.includes(':sqs:')) {
    const maximumConcurrency = reading.get<{ MaximumConcurrency?: number }>(
      'ScalingConfig',
    )?.MaximumConcurrency
    const mapping: QueueMapping = {
      ...common,
      kind: 'queue',
      batchSize: Number(batchSize ?? 10),
      queueName: lastPart(source, ':'),
    }
    found.queueMappings.push(maximumConcurrency === undefined ? mapping : { ...mapping, maximumConcurrency })
  } else if (source.includes(':dynamodb:') && source.includes('/stream/')) {
    const retries = Number(reading.get('MaximumRetryAttempts') ?? -1)
    const mapping: StreamMapping = {
      ...common,
      kind: 'stream',
      id: `${reading.stack.name}-${reading.resource.logicalId}`,
      batchSize: Number(batchSize ?? 100),
      tableName: source.split('table/')[1]!.split('/')[0]!,
      startingPosition: reading.get('StartingPosition') === 'LATEST' ? 'LATEST' : 'TRIM_HORIZON',
      bisectBatchOnError: reading.get('BisectBatchOnFunctionError') === true,
      maximumRetryAttempts: retries < 0 ? Number.POSITIVE_INFINITY : retries,
    }
    found.streamMappings.push(onFailureArn === undefined ? mapping : { ...mapping, onFailureArn })
  } else {
    reading.fail(`an event source that does not run here: ${source}`)
  }
}
