import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib'
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  type ApplicationLogLevel,
  Architecture,
  Code,
  Function as Lambda,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { bundleFolder } from '../bundle-functions.ts'
import { alarmPeriod } from './alarms.ts'
import type { Foundation } from './foundation.ts'

export interface HouseFunctionProps {
  readonly foundation: Foundation
  /** `<capability>/<name>`, as in `functions/<capability>/<name>.handler.ts`. */
  readonly handler: string
  /** What the job costs when it is large; an API call's own limit is 30 seconds. */
  readonly timeoutSeconds?: number
  /** CPU grows with memory: 512 MB is about a third of a core. */
  readonly memoryMegabytes?: number
  /** It sends messages to its own queue, on purpose and with an end: Lambda would stop the chain after sixteen of them. */
  readonly sendsToItself?: boolean
}

/**
 * A Lambda as this house builds them: arm64, Node 24, its own log group and role, traced, and an alarm for errors, thrown
 * or logged. Its role may write its log and its traces; all else is given by whoever injects the thing.
 */
export class HouseFunction extends Construct {
  readonly lambda: Lambda
  readonly timeoutSeconds: number
  private readonly role: Role
  private readonly logGroup: LogGroup

  constructor(scope: Construct, id: string, props: HouseFunctionProps) {
    super(scope, id)
    const { configuration, bundlesFolder } = props.foundation
    this.timeoutSeconds = props.timeoutSeconds ?? 15
    this.logGroup = new LogGroup(this, 'Log', {
      retention: configuration.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn])
    this.lambda = new Lambda(this, 'Lambda', {
      description: `functions/${props.handler}.handler.ts`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundleFolder(bundlesFolder, props.handler)),
      handler: 'index.handler',
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Lambda drops what is below its own level, whatever LOG_LEVEL says.
      applicationLogLevelV2: configuration.logLevel as ApplicationLogLevel,
      tracing: Tracing.ACTIVE,
      recursiveLoop: props.sendsToItself ? RecursiveLoop.ALLOW : undefined,
      memorySize: props.memoryMegabytes ?? 512,
      timeout: Duration.seconds(this.timeoutSeconds),
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: props.handler.split('/').at(-1)!,
        POWERTOOLS_METRICS_NAMESPACE: 'Drawdown',
        LOG_LEVEL: configuration.logLevel,
      },
    })
    this.watch(props.foundation, props.handler)
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'X-Ray takes traces for no resource in particular: PutTraceSegments and PutTelemetryRecords know only *.',
    })
  }

  /** Sets an environment name of the function. Whatever is behind the value is granted on the next line, by the caller. */
  inject(name: string, value: string): void {
    this.lambda.addEnvironment(name, value)
  }

  /** Lets the function do exactly these actions on exactly these resources. */
  allow(actions: string[], resources: string[], conditions?: Record<string, unknown>): void {
    this.role.addToPolicy(new PolicyStatement({ actions, resources, conditions }))
  }

  /** Tells the operator when the function logs this message, apart from all else that it may log. */
  ringWhenLogged(
    { alarms, configuration }: Foundation,
    id: string,
    line: { message: string; meaning: string },
  ): void {
    const logged = new MetricFilter(this, id, {
      logGroup: this.logGroup,
      filterPattern: FilterPattern.stringValue('$.message', '=', line.message),
      metricNamespace: 'Drawdown/LoggedMessages',
      metricName: `${configuration.stage}/${this.node.id}/${id}`,
    })
    alarms.add(this, `${id}Alarm`, {
      metric: logged.metric({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 1,
      meaning: line.meaning,
    })
  }

  /** Says why a wildcard in this function's role is as narrow as it can be. */
  acknowledgeWildcard(resource: string, reason: string): void {
    Validations.of(this.role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason })
  }

  private watch({ alarms, configuration }: Foundation, handler: string): void {
    // Money that matches no top-up, a message that goes back to its queue: what a function answers for itself is no error of Lambda's.
    const logged = new MetricFilter(this, 'LoggedErrors', {
      logGroup: this.logGroup,
      filterPattern: FilterPattern.stringValue('$.level', '=', 'ERROR'),
      metricNamespace: 'Drawdown/LoggedErrors',
      metricName: `${configuration.stage}/${handler}`,
    })
    // One alarm for both, since each resource counts against the 500 that CloudFormation takes in a stack.
    const usingMetrics = { thrown: this.lambda.metricErrors(), logged: logged.metric({ statistic: 'Sum' }) }
    alarms.add(this, 'Errors', {
      metric: new MathExpression({
        expression: 'FILL(thrown, 0) + FILL(logged, 0)',
        usingMetrics,
        period: alarmPeriod,
        label: 'errors, thrown and logged',
      }),
      threshold: 1,
      meaning: `${handler} failed, or logged an error: see its log group`,
    })
  }
}
