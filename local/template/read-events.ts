import { type Found, functionNameIn, lastPart, type Reading } from './reading.ts'
import type { LocalRule, LocalSchedule, LocalTarget } from './template.types.ts'

type RawTarget = {
  Arn: string
  Id?: string
  Input?: string
  InputPath?: string
  InputTransformer?: { InputPathsMap?: Record<string, string>; InputTemplate: string }
  SqsParameters?: { MessageGroupId?: string }
  DeadLetterConfig?: { Arn?: string }
}

function readTarget(reading: Reading, found: Found, raw: RawTarget): LocalTarget {
  const known =
    found.queues.some((queue) => queue.arn === raw.Arn) || found.functions.has(functionNameIn(raw.Arn))
  if (!known) reading.fail(`a target that does not run here: ${raw.Arn}`)
  const target: LocalTarget = { arn: raw.Arn, id: raw.Id ?? 'target' }
  if (raw.Input !== undefined) target.input = String(raw.Input)
  if (raw.InputPath !== undefined) target.inputPath = raw.InputPath
  if (raw.InputTransformer !== undefined) {
    const { InputPathsMap = {}, InputTemplate } = raw.InputTransformer
    target.inputTransformer = { pathsMap: InputPathsMap, template: InputTemplate }
  }
  if (raw.SqsParameters?.MessageGroupId !== undefined)
    target.messageGroupId = raw.SqsParameters.MessageGroupId
  if (raw.DeadLetterConfig?.Arn !== undefined) target.deadLetterArn = raw.DeadLetterConfig.Arn
  return target
}

/** Reads a rule: by pattern, by schedule, or both. */
export function readRule(reading: Reading, found: Found): void {
  if (reading.get('State') === 'DISABLED') return
  const targets = (reading.get<RawTarget[]>('Targets') ?? []).map((raw) => readTarget(reading, found, raw))
  const expression = reading.get<string>('ScheduleExpression')
  const pattern = reading.get('EventPattern')
  if (expression !== undefined) {
    for (const target of targets) {
      const name = `${reading.reference}-${target.id}`
      found.schedules.push({
        name,
        expression,
        timezone: 'UTC',
        target,
        kind: 'rule',
      } satisfies LocalSchedule)
    }
  }
  if (pattern === undefined) return
  const busName = lastPart(reading.get<string>('EventBusName') ?? 'default', '/')
  found.rules.push({ name: reading.reference, busName, pattern, targets } satisfies LocalRule)
}

/** Reads a schedule of EventBridge Scheduler. */
export function readSchedule(reading: Reading, found: Found): void {
  if (reading.get('State') === 'DISABLED') return
  const raw = reading.get<RawTarget>('Target') ?? reading.fail('a schedule without a target')
  found.schedules.push({
    name: reading.reference,
    expression: reading.get<string>('ScheduleExpression') ?? '',
    timezone: reading.get<string>('ScheduleExpressionTimezone') ?? 'UTC',
    target: readTarget(reading, found, { ...raw, Id: 'target' }),
    kind: 'scheduler',
  })
}
