import { Duration, Validations } from 'aws-cdk-lib'
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { alarmPeriod } from './alarms.ts'
import { removalPolicy } from './durable.ts'
import type { Foundation } from './foundation.ts'
import type { HouseFunction } from './house-function.ts'

// Encrypted with SQS's own keys: EventBridge and Scheduler may send, and nothing here needs a key policy of its own.
const encrypted = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true }
const fifoThroughput = {
  fifo: true,
  contentBasedDeduplication: false,
  deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
  fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
}

/** A queue for what could not be done: kept for 14 days, and an alarm as soon as it holds anything. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue

  constructor(
    scope: Construct,
    id: string,
    props: { foundation: Foundation; holds: string; fifo?: boolean },
  ) {
    super(scope, id)
    this.queue = new Queue(this, 'Queue', {
      ...encrypted,
      ...(props.fifo && fifoThroughput),
      removalPolicy: removalPolicy(props.foundation.configuration),
      retentionPeriod: Duration.days(14),
    })
    Validations.of(this.queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'This is a dead-letter queue. The check sees that of a queue, but not that of a schedule or a stream.',
    })
    props.foundation.alarms.add(this, 'NotEmpty', {
      metric: this.queue.metricApproximateNumberOfMessagesVisible({
        period: alarmPeriod,
        statistic: 'Maximum',
      }),
      threshold: 1,
      meaning: `${props.holds}: look into ${this.node.path}, mend the cause, then redrive`,
    })
  }
}

export interface HouseQueueProps {
  readonly foundation: Foundation
  /** What its messages are, for the alarms. */
  readonly carries: string
  readonly consumer: HouseFunction
  readonly batchSize: number
  readonly fifo?: boolean
  /** Messages are given up after so many deliveries. */
  readonly deliveries?: number
  /** So many of the consumer run at once at most. */
  readonly mostAtOnce?: number
  /** An alarm rings when a message waits for longer than this. Default: 15 minutes. */
  readonly longestWait?: Duration
}

/**
 * A queue and the function that works it off, with partial batch responses; what fails again and again goes to a
 * dead-letter queue. Alarms: a message waits for 15 minutes or what else is said, the dead-letter queue is not empty.
 */
export class HouseQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: DeadLetterQueue

  constructor(scope: Construct, id: string, props: HouseQueueProps) {
    super(scope, id)
    const { consumer } = props
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      foundation: props.foundation,
      holds: `${props.carries} could not be worked off`,
      fifo: props.fifo,
    })
    this.queue = new Queue(this, 'Queue', {
      ...encrypted,
      ...(props.fifo && fifoThroughput),
      // What waits in it was promised to be done: usage taken, but not deducted yet.
      removalPolicy: removalPolicy(props.foundation.configuration),
      // Six times the consumer's own time, as AWS advises: a retry within Lambda must not meet a second delivery.
      visibilityTimeout: Duration.seconds(6 * consumer.timeoutSeconds),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters.queue, maxReceiveCount: props.deliveries ?? 5 },
    })
    new EventSourceMapping(this, 'Consumer', {
      target: consumer.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: props.batchSize,
      reportBatchItemFailures: true,
      maxConcurrency: props.mostAtOnce,
    })
    consumer.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
      [this.queue.queueArn],
    )
    const longestWait = props.longestWait ?? Duration.minutes(15)
    props.foundation.alarms.add(this, 'Age', {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: alarmPeriod, statistic: 'Maximum' }),
      threshold: longestWait.toSeconds(),
      meaning: `${props.carries} wait for more than ${longestWait.toMinutes()} minutes`,
    })
  }

  /** Injects the queue's address under `name` and lets the function send to it. */
  letSend(producer: HouseFunction, name: string): void {
    producer.inject(name, this.queue.queueUrl)
    producer.allow(['sqs:SendMessage'], [this.queue.queueArn])
  }
}
