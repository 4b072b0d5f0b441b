import { Duration } from 'aws-cdk-lib'
import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Construct } from 'constructs'
import { alarmPeriod } from './alarms.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { DeadLetterQueue } from './house-queue.ts'

/**
 * The ledger's entries are the outbox: each new one, read from the table's stream in the order of its account, goes on
 * the bus. Where one fails again and again, the batch is cut in halves until it stands alone in the dead-letter queue.
 */
export class Events extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const publishEntries = new HouseFunction(this, 'PublishEntries', {
      foundation: house,
      handler: 'events/publish-entries',
      timeoutSeconds: 60,
    })
    house.bus.letPut(publishEntries)
    house.ledger.letFollow(publishEntries)
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      foundation: house,
      holds: 'ledger entries were not published',
    })
    new EventSourceMapping(this, 'LedgerStream', {
      target: publishEntries.lambda,
      eventSourceArn: house.ledger.tableStreamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 10,
      onFailure: new SqsDlq(deadLetters.queue),
      filters: ['ENTRY#', 'STATUS#', 'GAP#'].map((prefix) =>
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('INSERT'),
          dynamodb: { NewImage: { sk: { S: FilterRule.beginsWith(prefix) } } },
        }),
      ),
    })
    house.alarms.add(this, 'Lag', {
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'IteratorAge',
        dimensionsMap: { FunctionName: publishEntries.lambda.functionName },
        statistic: 'Maximum',
        period: alarmPeriod,
      }),
      threshold: Duration.minutes(5).toMilliseconds(),
      meaning: 'ledger entries are published more than 5 minutes late: alerts and settlements wait',
    })
  }
}
