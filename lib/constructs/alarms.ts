import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'

/**
 * The one place where a person is told: alarms, and mail that bounced or was called unwanted.
 *
 * The topic has a key of its own, the only one in the app, because neither CloudWatch nor SES may publish to a topic
 * under the key that AWS manages, and a bounce carries a client's address.
 */
export class Alarms extends Construct {
  readonly topic: Topic

  constructor(scope: Construct, id: string, props: { email?: string; removalPolicy: RemovalPolicy }) {
    super(scope, id)
    const masterKey = new Key(this, 'Key', {
      description: 'Drawdown: messages to the operator',
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy,
    })
    this.topic = new Topic(this, 'Topic', { displayName: 'Drawdown', masterKey, enforceSSL: true })
    for (const service of ['cloudwatch', 'ses']) {
      const principal = new ServicePrincipal(`${service}.amazonaws.com`)
      // A service publishes in the name of whoever asks it to: only for this account. The key says no more than who, as not
      // every service names the account to KMS; without the topic it opens nothing.
      this.topic.addToResourcePolicy(
        new PolicyStatement({
          actions: ['sns:Publish'],
          resources: [this.topic.topicArn],
          principals: [principal],
          conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
        }),
      )
      masterKey.grant(principal, 'kms:Decrypt', 'kms:GenerateDataKey*')
    }
    if (props.email) this.topic.addSubscription(new EmailSubscription(props.email))
  }

  /**
   * Tells the operator when `metric` is at or above `threshold` in one period of it, and again when it is well again. The
   * period before the newest counts too: where an expression fills what is missing, data that comes late would not ring.
   * No data is no trouble: a queue that nobody uses must not ring.
   */
  add(scope: Construct, id: string, alarm: { metric: IMetric; threshold: number; meaning: string }): void {
    const action = new SnsAction(this.topic)
    const made = new Alarm(scope, id, {
      metric: alarm.metric,
      threshold: alarm.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 2,
      datapointsToAlarm: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: alarm.meaning,
    })
    made.addAlarmAction(action)
    made.addOkAction(action)
  }
}

/** Tells the operator when Lambda throttles any function of the AWS account: they all draw on one concurrency. */
export function ringWhenThrottled(scope: Construct, alarms: Alarms): void {
  alarms.add(scope, 'Throttles', {
    metric: new Metric({
      namespace: 'AWS/Lambda',
      metricName: 'Throttles',
      statistic: 'Sum',
      period: alarmPeriod,
    }),
    threshold: 1,
    meaning: "a function was throttled: the AWS account's concurrency is used up",
  })
}

/** How long a metric is summed up before an alarm looks at it. */
export const alarmPeriod = Duration.minutes(5)
