import type { Assembly } from './intrinsics.ts'
import { readApi, readAuthorizer, readIntegration, readRoute } from './read-api.ts'
import { readRule, readSchedule } from './read-events.ts'
import { readFunction, readInvokeConfig, readMapping } from './read-functions.ts'
import { type Found, lastPart, Reading } from './reading.ts'
import type { LocalQueue, LocalTable, LocalTemplate } from './template.types.ts'

type Reader = (reading: Reading, found: Found) => void

function readQueue(reading: Reading, found: Found): void {
  const redrive = reading.get<{ deadLetterTargetArn: string; maxReceiveCount: number }>('RedrivePolicy')
  const queue: LocalQueue = {
    name: reading.name,
    arn: reading.arn,
    fifo: reading.get('FifoQueue') === true,
    contentBasedDeduplication: reading.get('ContentBasedDeduplication') === true,
    visibilityTimeoutSeconds: Number(reading.get('VisibilityTimeout') ?? 30),
    delaySeconds: Number(reading.get('DelaySeconds') ?? 0),
    messageRetentionSeconds: Number(reading.get('MessageRetentionPeriod') ?? 345_600),
  }
  if (redrive !== undefined) {
    queue.redrive = {
      deadLetterQueueName: lastPart(redrive.deadLetterTargetArn, ':'),
      maxReceiveCount: Number(redrive.maxReceiveCount),
    }
  }
  found.queues.push(queue)
}

function readTable(reading: Reading, found: Found): void {
  const indexes = reading.get<LocalTable['globalSecondaryIndexes']>('GlobalSecondaryIndexes') ?? []
  const table: LocalTable = {
    name: reading.name,
    arn: reading.arn,
    keySchema: reading.get<LocalTable['keySchema']>('KeySchema') ?? reading.fail('a table without keys'),
    attributeDefinitions: reading.get<LocalTable['attributeDefinitions']>('AttributeDefinitions') ?? [],
    globalSecondaryIndexes: indexes.map(({ IndexName, KeySchema, Projection }) => ({
      IndexName,
      KeySchema,
      Projection,
    })),
  }
  const stream = reading.get<{ StreamViewType?: LocalTable['streamViewType'] }>('StreamSpecification')
  if (stream?.StreamViewType !== undefined) table.streamViewType = stream.StreamViewType
  found.tables.push(table)
}

/** In this order, so that whatever one names is there before it. */
const readers: [type: string, read: Reader][] = [
  ['AWS::Lambda::Function', readFunction],
  ['AWS::Lambda::EventInvokeConfig', readInvokeConfig],
  ['AWS::DynamoDB::Table', readTable],
  ['AWS::DynamoDB::GlobalTable', readTable],
  ['AWS::SQS::Queue', readQueue],
  ['AWS::S3::Bucket', (reading, found) => void found.buckets.push(reading.name)],
  ['AWS::SES::EmailIdentity', (reading, found) => void found.mailIdentities.push(reading.name)],
  [
    'AWS::SecretsManager::Secret',
    (reading, found) =>
      void found.secrets.push({ name: String(reading.get('Name') ?? reading.name), arn: reading.arn }),
  ],
  ['AWS::Events::EventBus', (reading, found) => void found.buses.push(reading.reference)],
  ['AWS::ApiGatewayV2::Api', readApi],
  ['AWS::ApiGatewayV2::Authorizer', readAuthorizer],
  ['AWS::ApiGatewayV2::Integration', readIntegration],
  ['AWS::ApiGatewayV2::Route', readRoute],
  ['AWS::Lambda::EventSourceMapping', readMapping],
  ['AWS::Events::Rule', readRule],
  ['AWS::Scheduler::Schedule', readSchedule],
]

/** Types that may name a function and start nothing here (rights, alarms, logs, sign-in, deployment's own resources). */
const inert =
  /^(AWS::(IAM|CloudWatch|Logs|Cognito|ApplicationAutoScaling|WAFv2|XRay|Backup|Synthetics)::|AWS::Lambda::(Permission|Version|LayerVersion)$|AWS::(SQS::QueuePolicy|S3::BucketPolicy|SecretsManager::ResourcePolicy|Events::EventBusPolicy|CloudFormation::.*|CDK::Metadata|ApiGatewayV2::(Stage|DomainName|ApiMapping))$|Custom::)/

function refuseUnknownTrigger(reading: Reading): void {
  const { type, properties } = reading.resource
  if (inert.test(type) || readers.some(([known]) => known === type)) return
  const text = JSON.stringify(properties)
  for (const candidate of reading.stack.resources.values()) {
    if (candidate.type === 'AWS::Lambda::Function' && text.includes(`"${candidate.logicalId}"`)) {
      reading.fail(`refers to the function ${candidate.logicalId}, and this type does not run here`)
    }
  }
}

/** Reads every resource of the assembly into what the local stack starts. */
export function readResources(assembly: Assembly, assetFolders: Map<string, string>): LocalTemplate {
  const found: Found = {
    region: assembly.region,
    accountId: assembly.accountId,
    functions: new Map(),
    routes: [],
    queues: [],
    queueMappings: [],
    streamMappings: [],
    buses: [],
    rules: [],
    schedules: [],
    tables: [],
    buckets: [],
    mailIdentities: [],
    secrets: [],
    assetFolders,
    integrations: new Map(),
    authorizers: new Map(),
  }
  const all = assembly.stacks.flatMap((stack) =>
    [...stack.resources.values()].map((resource) => new Reading(assembly, stack, resource)),
  )
  for (const reading of all) refuseUnknownTrigger(reading)
  for (const [type, read] of readers) {
    for (const reading of all) if (reading.resource.type === type) read(reading, found)
  }
  const {
    assetFolders: _folders,
    integrations: _integrations,
    authorizers: _authorizers,
    ...template
  } = found
  return template
}
