import type { EventBridgeRule } from './eventbridge.ts'
import type { Lambda } from './lambda.ts'
import type { Sqs } from './sqs.ts'
import type { LocalQueue, LocalSchedule, LocalTarget, LocalTemplate } from './template.ts'

type Destinations = { template: LocalTemplate; sqs: Sqs; lambda: Lambda }

/** Hands a payload to a target: a queue keeps it, a function runs it as an asynchronous event. */
export async function deliverTo(
  target: LocalTarget,
  payloadJson: string,
  { template, sqs, lambda }: Destinations,
): Promise<void> {
  const queue = template.queues.find(({ arn }) => arn === target.arn)
  if (queue !== undefined) {
    const group = target.messageGroupId
    sqs.send(queue.name, { body: payloadJson, ...(group === undefined ? {} : { groupId: group }) })
    return
  }
  const definition = [...template.functions.values()].find(({ arn }) => arn === target.arn)
  if (definition === undefined) throw new Error(`there is no target ${target.arn}`)
  await lambda.invokeAsynchronously(definition.name, JSON.parse(payloadJson))
}

/** The rules of the template, with their targets connected. */
export function connectRules(destinations: Destinations): EventBridgeRule[] {
  return destinations.template.rules.map((rule) => ({
    name: rule.name,
    busName: rule.busName,
    eventPattern: rule.pattern,
    targets: rule.targets.map((target) => ({
      id: target.id,
      arn: target.arn,
      ...(target.input === undefined ? {} : { input: target.input }),
      ...(target.inputPath === undefined ? {} : { inputPath: target.inputPath }),
      ...(target.inputTransformer === undefined
        ? {}
        : {
            inputTransformer: {
              inputPathsMap: target.inputTransformer.pathsMap,
              inputTemplate: target.inputTransformer.template,
            },
          }),
      deliver: (payloadJson: string) => deliverTo(target, payloadJson, destinations),
    })),
  }))
}

/** What a firing hands to its target: the schedule's own input with its keywords filled in, or the usual event of a schedule. */
export function firingPayload(schedule: LocalSchedule, at: Date, template: LocalTemplate): string {
  const time = `${at.toISOString().slice(0, 19)}Z`
  if (schedule.target.input !== undefined) {
    return schedule.target.input
      .replaceAll('<aws.scheduler.scheduled-time>', time)
      .replaceAll('<aws.scheduler.schedule-arn>', schedule.name)
      .replaceAll('<aws.scheduler.attempt-number>', '1')
      .replaceAll('<aws.scheduler.execution-id>', `${schedule.name}-${time}`)
  }
  return JSON.stringify({
    version: '0',
    id: `${schedule.name}-${time}`,
    'detail-type': 'Scheduled Event',
    source: schedule.kind === 'rule' ? 'aws.events' : 'aws.scheduler',
    account: template.accountId,
    time,
    region: template.region,
    resources: [schedule.name],
    detail: schedule.kind === 'rule' ? {} : '{}',
  })
}

/** The queues as the stand-in for SQS takes them; one that failures of anything else go to waits for a person. */
export function declareQueues(template: LocalTemplate) {
  const failureArns = new Set([
    ...template.streamMappings.map((mapping) => mapping.onFailureArn),
    ...[...template.functions.values()].map((definition) => definition.onFailureArn),
    ...template.rules.flatMap((rule) => rule.targets.map((target) => target.deadLetterArn)),
    ...template.schedules.map((schedule) => schedule.target.deadLetterArn),
  ])
  return template.queues.map((queue: LocalQueue) => ({
    name: queue.name,
    fifo: queue.fifo,
    contentBasedDeduplication: queue.contentBasedDeduplication,
    visibilityTimeoutSeconds: queue.visibilityTimeoutSeconds,
    delaySeconds: queue.delaySeconds,
    ...(queue.redrive === undefined
      ? {}
      : {
          deadLetterQueue: {
            name: queue.redrive.deadLetterQueueName,
            maxReceiveCount: queue.redrive.maxReceiveCount,
          },
        }),
    ...(failureArns.has(queue.arn) ? { holdsFailures: true } : {}),
  }))
}
