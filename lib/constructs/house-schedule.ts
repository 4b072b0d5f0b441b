import { Duration } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { EventInvokeConfig } from 'aws-cdk-lib/aws-lambda'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import { Construct } from 'constructs'
import type { Foundation } from './foundation.ts'
import type { HouseFunction } from './house-function.ts'
import { DeadLetterQueue } from './house-queue.ts'

export interface HouseScheduleProps {
  readonly foundation: Foundation
  readonly description: string
  /**
   * A `cron(…)` or `rate(…)` expression of EventBridge Scheduler; its hours are UTC. What fires each hour fires on the hour: a clock that is moved
   * locally stops for each other minute as well.
   */
  readonly expression: string
  readonly target: HouseFunction
}

/**
 * A function that runs by the clock. The schedule's role may invoke that one function. A firing that can't be delivered,
 * or whose run fails three times, ends in a dead-letter queue that rings.
 */
export class HouseSchedule extends Construct {
  constructor(scope: Construct, id: string, props: HouseScheduleProps) {
    super(scope, id)
    const { lambda } = props.target
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', {
      foundation: props.foundation,
      holds: `firings of the schedule of ${props.target.node.id} failed`,
    }).queue
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') })
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [lambda.functionArn] }),
    )
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }))
    new CfnSchedule(this, 'Schedule', {
      description: props.description,
      scheduleExpression: props.expression,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: lambda.functionArn,
        roleArn: role.roleArn,
        deadLetterConfig: { arn: deadLetters.queueArn },
        // Each firing does all that is due, so that one which comes later than this is as good as the next.
        retryPolicy: { maximumEventAgeInSeconds: Duration.hours(1).toSeconds(), maximumRetryAttempts: 10 },
      },
    })
    new EventInvokeConfig(this, 'Invocation', {
      function: lambda,
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(deadLetters),
    })
  }
}
