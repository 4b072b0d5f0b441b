import { Duration } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import type { Construct } from 'constructs'
import { alarmPeriod } from './alarms.ts'
import type { House } from './house.ts'
import type { HouseFunction } from './house-function.ts'
import { DeadLetterQueue } from './house-queue.ts'

export interface FollowTableProps {
  readonly house: House
  readonly table: TableV2 & { letFollow(follower: HouseFunction): void }
  readonly follower: HouseFunction
  /** What of a table's changes it is handed. */
  readonly filter: { [key: string]: unknown }
  /** What could not be done with a record that is given up, for its alarm. */
  readonly failure: string
  /** What it means when it lags behind, for its alarm. */
  readonly lag: string
}

/**
 * Hands a table's stream to a function, in the order of each account. Where one record fails again and again, the batch is
 * cut in halves until it stands alone in the dead-letter queue. AWS advises no more than two followers of one stream
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
 */
export function followTable(scope: Construct, props: FollowTableProps): void {
  const { house, table, follower } = props
  table.letFollow(follower)
  const deadLetters = new DeadLetterQueue(scope, 'DeadLetters', { foundation: house, holds: props.failure })
  new EventSourceMapping(scope, 'Stream', {
    target: follower.lambda,
    eventSourceArn: table.tableStreamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    bisectBatchOnError: true,
    reportBatchItemFailures: true,
    retryAttempts: 10,
    onFailure: new SqsDlq(deadLetters.queue),
    filters: [FilterCriteria.filter(props.filter)],
  })
  house.alarms.add(scope, 'Lag', {
    metric: new Metric({
      namespace: 'AWS/Lambda',
      metricName: 'IteratorAge',
      dimensionsMap: { FunctionName: follower.lambda.functionName },
      statistic: 'Maximum',
      period: alarmPeriod,
    }),
    threshold: Duration.minutes(5).toMilliseconds(),
    meaning: props.lag,
  })
}
