import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GRACE_DAYS } from '../functions/plans/grace.ts'
import { startEventBridge } from '../local/eventbridge.ts'
import { startS3 } from '../local/s3.ts'
import { startSqs } from '../local/sqs.ts'
import { startTestDatabase } from '../test/support/database.ts'
import { startCapacityMeter } from './capacity-meter.ts'

export type Machine = Awaited<ReturnType<typeof startMachine>>

const BUCKET = 'files'
const BUS = 'drawdown-bench'
export const USAGE_QUEUE = 'usage.fifo'
/** Queues of the calendar, by the environment name of their address. */
const CALENDAR_QUEUES = {
  CHARGE_QUEUE_URL: 'charge',
  WARNING_QUEUE_URL: 'warning',
  ANNOUNCEMENT_QUEUE_URL: 'announcement',
  TELLING_QUEUE_URL: 'telling',
  EXPIRY_QUEUE_URL: 'expiry',
  SEGMENT_QUEUE_URL: 'segment',
  SCAN_QUEUE_URL: 'scan',
}

/**
 * What the functions need around them, on loopback alone: the embedded database in memory (or a DynamoDB Local that
 * DYNAMODB_ENDPOINT names, with tables of its own), queue, bucket and bus. Points this process's environment at them, so that handlers
 * imported from then on find them.
 */
export async function startMachine() {
  const folder = await mkdtemp(join(tmpdir(), 'drawdown-bench-'))
  const database = await startTestDatabase()
  const meter = await startCapacityMeter(database.endpoint)
  const calendarQueues = Object.values(CALENDAR_QUEUES).map((name) => ({ name, fifo: false }))
  const sqs = await startSqs({ folder, queues: [{ name: USAGE_QUEUE, fifo: true }, ...calendarQueues] })
  const calendarUrls = Object.entries(CALENDAR_QUEUES).map(([name, queue]) => [name, sqs.queueUrl(queue)])
  const s3 = await startS3({ folder, buckets: [BUCKET] })
  const bus = await startEventBridge({ folder, rules: [], buses: [BUS] })
  Object.assign(process.env, {
    TZ: 'UTC',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: database.accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    // Nothing of whoever runs this: no profile, no credentials of an instance.
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(folder, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-aws-credentials'),
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
    POWERTOOLS_LOG_LEVEL: 'ERROR',
    POWERTOOLS_METRICS_DISABLED: 'true',
    LEDGER_TABLE: database.ledgerTable,
    USAGE_TABLE: database.usageTable,
    WAITING_TABLE: database.waitingTable,
    DOCUMENTS_TABLE: database.documentsTable,
    FILES_BUCKET: BUCKET,
    USAGE_QUEUE_URL: sqs.queueUrl(USAGE_QUEUE),
    ...Object.fromEntries(calendarUrls),
    EVENT_BUS: BUS,
    PLAN_GRACE_DAYS: String(GRACE_DAYS),
  })

  /** Takes what waits in the usage queue, as Lambda receives it: at most ten messages at a time, gone once they are taken. */
  const receiveUsage = () => receive(USAGE_QUEUE, 10)

  /** Takes so many messages of a queue at most. */
  function receive(queue: string, maxMessages: number): { body: string; group?: string }[] {
    const received = sqs.receive(queue, { maxMessages })
    for (const { receiptHandle } of received) sqs.delete(queue, receiptHandle)
    return received.map(({ body, attributes }) => ({ body, group: attributes.MessageGroupId }))
  }

  async function stop(): Promise<void> {
    await Promise.all([meter.close(), sqs.close(), s3.close(), bus.close()])
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  }

  return { folder, database, meter, receive, receiveUsage, stop }
}
