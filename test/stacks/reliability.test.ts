import { beforeAll, describe, expect, it } from 'vitest'
import { EVENT_NAMES, EVENT_SOURCE, type EventName, eventDetails } from '../../functions/events/event.ts'
import { KINDS_OF_USAGE } from '../../functions/pace/usage-of-entry.ts'
import type { EventName as NameInRules } from '../../lib/constructs/bus.ts'
import { may } from './statements.ts'
import { handlerOf, resourcesOf, type Synthesized, synthesize, target, type Value } from './synthesized.ts'

let synthesized: Synthesized
const queues = () => resourcesOf(synthesized, 'AWS::SQS::Queue')
const alarms = () => resourcesOf(synthesized, 'AWS::CloudWatch::Alarm').map(([, alarm]) => alarm.Properties)
const mappings = () =>
  resourcesOf(synthesized, 'AWS::Lambda::EventSourceMapping').map(([, mapping]) => mapping.Properties)
const filtersOf = (mapping: Record<string, Value>) =>
  (mapping.FilterCriteria as { Filters: { Pattern: string }[] }).Filters.map(({ Pattern }) =>
    JSON.parse(Pattern),
  )
const followersOf = (table: string, handler: string) =>
  mappings().filter(
    ({ EventSourceArn, FunctionName }) =>
      target(EventSourceArn)?.startsWith(table) &&
      handlerOf(synthesized.resources[target(FunctionName)!]!) === handler,
  )
const deadLettersOf = (queue: { Properties: Record<string, Value> }) =>
  target((queue.Properties.RedrivePolicy as Record<string, Value> | undefined)?.deadLetterTargetArn)

/** Alarms watch a queue by its name and a function by its reference. */
function watches(id: string, metric: string): boolean {
  return alarms().some(
    (alarm) =>
      alarm.MetricName === metric &&
      ((alarm.Dimensions ?? []) as { Value: Value }[]).some((dimension) => target(dimension.Value) === id),
  )
}

beforeAll(async () => {
  synthesized = await synthesize()
})

describe('stacks', () => {
  const [DATA, MAIN, PLANS, PAYMENTS, RELATIONS] = [0, 1, 2, 3, 4]

  it('refer to those before them, and to none behind: each deploys when those that it needs are there', () => {
    const importsOf = (stack: number) =>
      new Set(
        [...synthesized.templates[stack]!.matchAll(/"Fn::ImportValue": "(\w+):/g)].map(([, name]) => name),
      )
    expect([...importsOf(DATA)]).toEqual([])
    expect([...importsOf(MAIN)]).toEqual(['DrawdownData'])
    expect([...importsOf(PLANS)].sort()).toEqual(['Drawdown', 'DrawdownData'])
    expect([...importsOf(PAYMENTS)].sort()).toEqual(['Drawdown', 'DrawdownData'])
    expect([...importsOf(RELATIONS)].sort()).toEqual(['Drawdown', 'DrawdownData'])
  })

  it('stay well below the 500 resources that CloudFormation takes in one', () => {
    for (const template of synthesized.templates)
      expect(Object.keys(JSON.parse(template).Resources).length).toBeLessThan(450)
  })
})

describe('queues', () => {
  it('have a dead-letter queue, or are one', () => {
    const deadLetters = new Set(queues().map(([, queue]) => deadLettersOf(queue)))
    const others = queues().filter(([id, queue]) => !deadLettersOf(queue) && !deadLetters.has(id))
    // Those of a schedule and of a stream, which their triggers name.
    expect(others.map(([id]) => id)).toEqual([
      expect.stringMatching(/^ProofEveryNightDeadLetters/),
      expect.stringMatching(/^EventsLedgerDeadLetters/),
      expect.stringMatching(/^TermsEveryHourDeadLetters/),
      expect.stringMatching(/^PaceDeadLetters/),
      expect.stringMatching(/^PlansEveryHourDeadLetters/),
      expect.stringMatching(/^CardsEveryHourDeadLetters/),
      expect.stringMatching(/^TopUpEveryQuarterHourDeadLetters/),
      expect.stringMatching(/^PaymentEventsPaymentsDeadLetters/),
      expect.stringMatching(/^PrivacyEveryHourDeadLetters/),
      expect.stringMatching(/^AnnouncementsEveryHourDeadLetters/),
    ])
    expect(queues().filter(([, queue]) => deadLettersOf(queue))).toHaveLength(18)
  })

  it('ring when a message waits for long, and dead-letter queues when they hold one', () => {
    for (const [id, queue] of queues()) {
      const metric = deadLettersOf(queue)
        ? 'ApproximateAgeOfOldestMessage'
        : 'ApproximateNumberOfMessagesVisible'
      expect(watches(id, metric), `${id}: ${metric}`).toBe(true)
    }
  })

  it('are encrypted, and give their consumer six times its own time', () => {
    for (const [id, { Properties }] of queues()) expect(Properties.SqsManagedSseEnabled, id).toBe(true)
    const consumed = mappings().filter((mapping) =>
      queues().some(([id]) => id === target(mapping.EventSourceArn)),
    )
    expect(consumed).toHaveLength(18)
    for (const mapping of consumed) {
      const queue = synthesized.resources[target(mapping.EventSourceArn)!]!
      const consumer = synthesized.resources[target(mapping.FunctionName)!]!
      expect(queue.Properties.VisibilityTimeout).toBe(6 * Number(consumer.Properties.Timeout))
      expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures'])
    }
  })

  it('take usage first in, first out per account, many accounts at a time', () => {
    const [, queue] = queues().filter(([id]) => /^UsageUsageQueue[0-9A-F]{8}$/.test(id))[0]!
    expect(queue.Properties).toMatchObject({
      FifoQueue: true,
      ContentBasedDeduplication: false,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      RedrivePolicy: { maxReceiveCount: 5 },
    })
  })
})

describe('functions', () => {
  const metricsOf = ({ Metrics = [] }: Record<string, Value>) =>
    (Metrics as { MetricStat?: { Metric: { [name: string]: Value } } }[]).flatMap(({ MetricStat }) =>
      MetricStat ? [MetricStat.Metric] : [],
    )

  it('ring when one fails, and when one logs an error, also where the caller was answered', () => {
    const filters = resourcesOf(synthesized, 'AWS::Logs::MetricFilter').map(
      ([, { Properties }]) => Properties,
    )
    for (const [id, { Properties }] of resourcesOf(synthesized, 'AWS::Lambda::Function')) {
      const log = target((Properties.LoggingConfig as { LogGroup: Value }).LogGroup)
      const filter = filters.find((candidate) => target(candidate.LogGroupName as Value) === log)
      expect(filter, id).toMatchObject({ FilterPattern: '{ $.level = "ERROR" }' })
      const [logged] = filter!.MetricTransformations as { MetricName: string }[]
      const alarm = alarms().find((candidate) =>
        metricsOf(candidate).some(
          ({ MetricName, Dimensions }) =>
            MetricName === 'Errors' &&
            (Dimensions as { Value: Value }[]).some((dimension) => target(dimension.Value) === id),
        ),
      )
      expect(
        metricsOf(alarm!).map(({ MetricName }) => MetricName),
        id,
      ).toContain(logged!.MetricName)
      expect(alarm, id).toMatchObject({
        Threshold: 1,
        // One of two: where data comes late, FILL stands in for the newest.
        EvaluationPeriods: 2,
        DatapointsToAlarm: 1,
        Metrics: expect.arrayContaining([
          expect.objectContaining({ Expression: 'FILL(thrown, 0) + FILL(logged, 0)', ReturnData: true }),
        ]),
      })
    }
  })

  it('ring when Lambda throttles any of them', () => {
    const throttles = alarms().filter(({ MetricName }) => MetricName === 'Throttles')
    expect(throttles).toMatchObject([{ Namespace: 'AWS/Lambda', Threshold: 1 }])
    expect(throttles[0]!.Dimensions).toBeUndefined()
  })

  it('ring when an account does not prove, apart from all else that they log', () => {
    const filters = resourcesOf(synthesized, 'AWS::Logs::MetricFilter')
      .map(([, { Properties }]) => Properties)
      .filter(({ FilterPattern }) => FilterPattern === '{ $.message = "account does not prove" }')
      .map(({ MetricTransformations }) => (MetricTransformations as { MetricName: string }[])[0]!.MetricName)
    expect(filters.sort()).toEqual(
      ['ProveAccount', 'ProveNow'].map((name) => `production/${name}/AccountParked`),
    )
    expect(alarms().map(({ MetricName }) => MetricName)).toEqual(expect.arrayContaining(filters))
  })

  it('ring when the closing scan of a month finds something', () => {
    const filters = resourcesOf(synthesized, 'AWS::Logs::MetricFilter')
      .map(([, { Properties }]) => Properties)
      .filter(({ FilterPattern }) => FilterPattern === '{ $.message = "run does not close" }')
      .map(({ MetricTransformations }) => (MetricTransformations as { MetricName: string }[])[0]!.MetricName)
    expect(filters).toEqual(['production/ScanRun/RunDoesNotClose'])
    expect(alarms().map(({ MetricName }) => MetricName)).toEqual(expect.arrayContaining(filters))
  })

  it('ring when a privacy request is near its deadline', () => {
    const filters = resourcesOf(synthesized, 'AWS::Logs::MetricFilter')
      .map(([, { Properties }]) => Properties)
      .filter(
        ({ FilterPattern }) => FilterPattern === '{ $.message = "privacy request is near its deadline" }',
      )
      .map(({ MetricTransformations }) => (MetricTransformations as { MetricName: string }[])[0]!.MetricName)
    expect(filters).toEqual(['production/TendPrivacy/NearDeadline'])
    expect(alarms().map(({ MetricName }) => MetricName)).toEqual(expect.arrayContaining(filters))
  })

  it('ring when a source of numbered usage waits, in each stage by itself', () => {
    const [filter, ...others] = resourcesOf(synthesized, 'AWS::Logs::MetricFilter')
      .map(([, { Properties }]) => Properties)
      .filter(({ FilterPattern }) => FilterPattern === '{ $.message = "a source waits for missing numbers" }')
      .map(({ MetricTransformations }) => (MetricTransformations as { MetricName: string }[])[0]!.MetricName)
    expect(others).toEqual([])
    expect(filter).toBe('production/DeductUsage/Gap')
    expect(alarms().map(({ MetricName }) => MetricName)).toContain(filter)
  })

  it('may send messages to their own queue where they do, and nowhere else: Lambda stops that after sixteen', () => {
    const consumed = mappings().map(({ FunctionName, EventSourceArn }) => ({
      consumer: synthesized.resources[target(FunctionName)!]!,
      queue: target(EventSourceArn),
    }))
    const senders = consumed
      .filter(({ consumer, queue }) => may(synthesized, consumer, 'sqs:SendMessage', queue!))
      .map(({ consumer }) => consumer.Properties.Description)
    const allowed = resourcesOf(synthesized, 'AWS::Lambda::Function')
      .map(([, lambda]) => lambda.Properties)
      .filter(({ RecursiveLoop }) => RecursiveLoop === 'Allow')
      .map(({ Description }) => Description)
    expect(senders.sort()).toEqual([
      'functions/announcements/send-mailing.handler.ts',
      'functions/auto-top-up/check-auto-top-up.handler.ts',
      'functions/holds/expire-hold.handler.ts',
      'functions/price-changes/announce-price-change.handler.ts',
      'functions/privacy/work-on-request.handler.ts',
      'functions/proof/prove-account.handler.ts',
      'functions/runs/charge-segment.handler.ts',
      'functions/runs/scan-run.handler.ts',
      'functions/terms/tell-of-terms.handler.ts',
    ])
    expect(allowed.sort()).toEqual(senders)
  })

  it('tell the operator both of trouble and of its end', () => {
    const [[topic]] = resourcesOf(synthesized, 'AWS::SNS::Topic') as [[string, unknown]]
    for (const alarm of alarms()) {
      expect((alarm.AlarmActions as Value[]).map(target)).toEqual([topic])
      expect((alarm.OKActions as Value[]).map(target)).toEqual([topic])
    }
  })
})

describe('the topic of the alarms', () => {
  const statements = (type: string, document: string) =>
    resourcesOf(synthesized, type)
      .flatMap(([, { Properties }]) => (Properties[document] as { Statement: Value[] }).Statement)
      .filter((statement) => JSON.stringify(statement).includes('ses.amazonaws.com')) as unknown as {
      Principal: Value
      Condition?: Value
    }[]
  const services = { Service: ['cloudwatch.amazonaws.com', 'ses.amazonaws.com'] }

  it('takes messages of this account alone; its key asks for nothing that a service may leave out', () => {
    expect(statements('AWS::SNS::TopicPolicy', 'PolicyDocument')).toMatchObject([
      {
        Principal: services,
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ])
    const opened = statements('AWS::KMS::Key', 'KeyPolicy')
    expect(opened).toMatchObject([{ Principal: services, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }])
    expect(opened[0]!.Condition).toBeUndefined()
  })
})

describe('triggers', () => {
  const isOfMail = ({ Properties }: { Properties: Record<string, Value> }) =>
    JSON.stringify(Properties.EventPattern).includes('aws.ses')
  const houseRules = () => resourcesOf(synthesized, 'AWS::Events::Rule').filter(([, rule]) => !isOfMail(rule))

  it('hear of bounces and complaints of their own mail, on the default bus, which is the only one that SES speaks on', () => {
    const [rule, ...others] = resourcesOf(synthesized, 'AWS::Events::Rule').filter(([, one]) => isOfMail(one))
    expect(others).toEqual([])
    const [set] = resourcesOf(synthesized, 'AWS::SES::ConfigurationSet').map(([id]) => id)
    expect(rule![1].Properties).toMatchObject({
      EventPattern: {
        source: ['aws.ses'],
        'detail-type': ['Email Bounced', 'Email Complaint Received'],
        detail: { mail: { tags: { 'ses:configuration-set': [{ Ref: set! }] } } },
      },
      Targets: [{ DeadLetterConfig: expect.anything() }],
    })
    expect(rule![1].Properties.EventBusName).toBeUndefined()
    const destinations = resourcesOf(synthesized, 'AWS::SES::ConfigurationSetEventDestination').map(
      ([, { Properties }]) => Properties.EventDestination as Record<string, Value>,
    )
    expect(destinations).toContainEqual(
      expect.objectContaining({
        EventBridgeDestination: { EventBusArn: expect.anything() },
        MatchingEventTypes: ['bounce', 'complaint'],
      }),
    )
  })

  it('find what is due every hour, what to prove every night and what to ask the provider every quarter of an hour by UTC, with a dead-letter queue', () => {
    const schedules = resourcesOf(synthesized, 'AWS::Scheduler::Schedule').map(
      ([, schedule]) => schedule.Properties,
    )
    expect(schedules.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual([
      'cron(30 2 * * ? *)',
      'cron(0 * * * ? *)',
      'cron(0 * * * ? *)',
      'cron(0 * * * ? *)',
      'cron(0,15,30,45 * * * ? *)',
      'cron(0 * * * ? *)',
      'cron(0 * * * ? *)',
    ])
    for (const schedule of schedules) {
      expect(schedule).toMatchObject({
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { DeadLetterConfig: { Arn: expect.anything() } },
      })
    }
  })

  it('publish new ledger entries, changes of status, gaps and nothing else, parting a batch to find the one that fails', () => {
    const [stream] = followersOf('LedgerTable', 'events/publish-entries')
    expect(stream).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    })
    expect(filtersOf(stream!)).toEqual([
      {
        eventName: ['INSERT'],
        dynamodb: {
          NewImage: { sk: { S: [{ prefix: 'ENTRY#' }, { prefix: 'STATUS#' }, { prefix: 'GAP#' }] } },
        },
      },
    ])
  })

  it('count the usage among new ledger entries, and read no others', () => {
    const followers = mappings().filter((mapping) =>
      target(mapping.EventSourceArn)?.startsWith('LedgerTable'),
    )
    // AWS advises no more for one stream.
    expect(followers).toHaveLength(2)
    const [stream] = followersOf('LedgerTable', 'pace/count-usage')
    expect(stream).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
    expect(filtersOf(stream!)).toEqual([
      {
        eventName: ['INSERT'],
        dynamodb: { NewImage: { sk: { S: [{ prefix: 'ENTRY#' }] }, kind: { S: [...KINDS_OF_USAGE] } } },
      },
    ])
  })

  it('publish what is new of payments, refunds, disputes, cards and automatic top-up, when it is put and when it changes', () => {
    const [stream] = mappings().filter((mapping) =>
      target(mapping.EventSourceArn)?.startsWith('PaymentsTable'),
    )
    expect(stream).toMatchObject({ StartingPosition: 'TRIM_HORIZON', BisectBatchOnFunctionError: true })
    const prefixes = ['TOP_UP#', 'REFUND#', 'DISPUTE#', 'CARDS', 'AUTO_TOP_UP'].map((prefix) => ({ prefix }))
    expect(filtersOf(stream!)).toEqual([
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { sk: { S: prefixes } } } },
    ])
  })

  it('settle what is owed, alert and notify by rules on the bus, whose failures are kept', () => {
    const rules = houseRules().map(([id, rule]) => {
      const { EventPattern, Targets } = rule.Properties as unknown as {
        EventPattern: { source: string[]; 'detail-type': string[] }
        Targets: { DeadLetterConfig: Value; InputTransformer?: Value }[]
      }
      expect(EventPattern.source).toEqual(['drawdown'])
      expect(Targets).toHaveLength(1)
      expect(Targets[0]!.DeadLetterConfig, id).toBeDefined()
      return [EventPattern['detail-type'].sort(), Targets[0]!.InputTransformer]
    })
    expect(rules).toEqual(
      expect.arrayContaining([
        [
          [
            'account.reopened',
            'charge.refunded',
            'credit.given',
            'dispute.won',
            'entry.reversed',
            'plan.changed',
            'session.ended',
            'top_up.settled',
            'top_up_refund.failed',
          ],
          {
            InputPathsMap: { 'detail-accountId': '$.detail.accountId' },
            InputTemplate: '{"accountId":<detail-accountId>}',
          },
        ],
        [
          [
            'account.reopened',
            'auto_top_up.cap_reached',
            'auto_top_up.disabled',
            'auto_top_up.paused',
            'auto_top_up.switched_off',
            'card.changed',
            'card.chosen',
            'card.removed',
            'charge.refunded',
            'credit.given',
            'dispute.won',
            'entry.reversed',
            'plan.changed',
            'session.ended',
            'top_up.settled',
            'top_up_refund.failed',
          ],
          {
            InputPathsMap: { 'detail-accountId': '$.detail.accountId' },
            InputTemplate: '{"accountId":<detail-accountId>}',
          },
        ],
        [
          [
            'charge.made',
            'charge.refunded',
            'credit.expired',
            'credit.given',
            'dispute.lost',
            'dispute.opened',
            'dispute.won',
            'entry.reversed',
            'plan.changed',
            'plan.charged',
            'ring_fence.changed',
            'service.resumed',
            'session.authorised',
            'session.ended',
            'top_up.settled',
            'top_up_refund.asked',
            'top_up_refund.failed',
            'usage.deducted',
          ],
          undefined,
        ],
        [
          [
            'auto_top_up.cap_reached',
            'auto_top_up.disabled',
            'auto_top_up.paused',
            'balance.low',
            'card.expiring',
            'credit.expiring',
            'dispute.lost',
            'dispute.opened',
            'dispute.won',
            'plan.price_change',
            'plan.reminder',
            'plan.short',
            'plan.warning',
            'privacy.erased',
            'privacy.export_ready',
            'privacy.extended',
            'service.resumed',
            'service.suspended',
            'top_up.settled',
            'top_up_refund.failed',
            'top_up_refund.succeeded',
            'usage.refused',
          ],
          undefined,
        ],
        [
          [
            'card.changed',
            'card.chosen',
            'card.saved',
            'charge.made',
            'charge.refunded',
            'credit.expired',
            'credit.given',
            'entry.reversed',
            'plan.automatic_top_up_expected',
            'plan.changed',
            'plan.charged',
            'plan.short',
            'plan.warning',
            'ring_fence.changed',
            'service.resumed',
            'session.authorised',
            'session.ended',
            'top_up.expired',
            'top_up.failed',
            'top_up.mismatched',
            'top_up.settled',
            'usage.deducted',
            'usage.refused',
          ],
          undefined,
        ],
        [['lots.raised'], undefined],
        [['terms.published', 'terms.reminder'], undefined],
      ]),
    )
  })

  it('may name every event that there is, and no other', () => {
    // The compiler says which one is missing on either side.
    const inRules: NameInRules[] = EVENT_NAMES
    const told: EventName[] = inRules
    expect(told).toContain('top_up.paid_twice')
  })

  it('wait for events that exist', () => {
    for (const [id, rule] of houseRules()) {
      const { source, 'detail-type': names } = rule.Properties.EventPattern as Record<string, string[]>
      expect(source, id).toEqual([EVENT_SOURCE])
      expect(Object.keys(eventDetails), id).toEqual(expect.arrayContaining(names!))
    }
  })
})

describe('what must survive', () => {
  const stateful = [
    'AWS::Cognito::UserPool',
    'AWS::Cognito::UserPoolGroup',
    'AWS::DynamoDB::GlobalTable',
    'AWS::KMS::Key',
    'AWS::S3::Bucket',
    'AWS::SQS::Queue',
    'AWS::SecretsManager::Secret',
  ]

  it.each(stateful)('stays when its stack goes or changes: %s', (type) => {
    const found = resourcesOf(synthesized, type)
    expect(found.length).toBeGreaterThan(0)
    for (const [id, resource] of found) {
      expect([resource.DeletionPolicy, resource.UpdateReplacePolicy], id).toEqual(['Retain', 'Retain'])
    }
  })

  it('can be restored to any second, and not be deleted by hand: tables', () => {
    for (const [id, table] of resourcesOf(synthesized, 'AWS::DynamoDB::GlobalTable')) {
      expect((table.Properties.Replicas as Value[])[0], id).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
      })
    }
  })

  it('is private, versioned and logged: files', () => {
    for (const [, bucket] of resourcesOf(synthesized, 'AWS::S3::Bucket')) {
      expect(Object.values(bucket.Properties.PublicAccessBlockConfiguration!)).toEqual([
        true,
        true,
        true,
        true,
      ])
    }
    const [files] = resourcesOf(synthesized, 'AWS::S3::Bucket').filter(
      ([, bucket]) => bucket.Properties.LoggingConfiguration,
    )
    expect(files![1].Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' })
  })

  it('has a stream on the tables whose items are told on the bus, and on no other', () => {
    const streams = resourcesOf(synthesized, 'AWS::DynamoDB::GlobalTable').filter(
      ([, table]) => table.Properties.StreamSpecification,
    )
    expect(streams.map(([id, table]) => [id.slice(0, 11), table.Properties.StreamSpecification])).toEqual([
      ['LedgerTable', { StreamViewType: 'NEW_IMAGE' }],
      ['PaymentsTab', { StreamViewType: 'NEW_AND_OLD_IMAGES' }],
    ])
  })
})

describe('synthesis', () => {
  it('gives the same templates each time', async () => {
    expect((await synthesize()).templates).toEqual(synthesized.templates)
  })
})
