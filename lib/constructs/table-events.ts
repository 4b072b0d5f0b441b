import { Duration } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Construct } from 'constructs'
import { alarmPeriod } from './alarms.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { DeadLetterQueue } from './house-queue.ts'

export interface TableEventsProps {
  readonly house: House
  readonly table: TableV2 & { letFollow(follower: HouseFunction): void }
  /** The function that publishes, by name and handler. */
  readonly name: string
  readonly handler: string
  /** What is published, for the alarms. */
  readonly carries: string
  /** The changes that are told: how they came about, and how their sort keys begin. */
  readonly eventNames: string[]
  readonly prefixes: string[]
}

/**
 * A table's items are the outbox: what is told of each, read from the table's stream in the order of its account, goes on
 * the bus. Where one fails again and again, the batch is cut in halves until it stands alone in the dead-letter queue.
 */
export class TableEvents extends Construct {
  constructor(scope: Construct, id: string, props: TableEventsProps) {
    super(scope, id)
    const { house, table, carries } = props
    const publish = new HouseFunction(this, props.name, {
      foundation: house,
      handler: props.handler,
      timeoutSeconds: 60,
    })
    house.bus.letPut(publish)
    table.letFollow(publish)
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      foundation: house,
      holds: `${carries} were not published`,
    })
    new EventSourceMapping(this, 'Stream', {
      target: publish.lambda,
      eventSourceArn: table.tableStreamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 10,
      onFailure: new SqsDlq(deadLetters.queue),
      // One filter for all prefixes: Lambda takes five in a mapping.
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.or(...props.eventNames),
          dynamodb: { NewImage: { sk: { S: props.prefixes.flatMap(FilterRule.beginsWith) } } },
        }),
      ],
    })
    house.alarms.add(this, 'Lag', {
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'IteratorAge',
        dimensionsMap: { FunctionName: publish.lambda.functionName },
        statistic: 'Maximum',
        period: alarmPeriod,
      }),
      threshold: Duration.minutes(5).toMilliseconds(),
      meaning: `${carries} are published more than 5 minutes late: alerts and settlements wait`,
    })
  }
}
