import type { BusEvent, EventBridgeTarget } from './bus.types.ts'

/** What surrounds an event when a target's input is made. */
export type DeliveryContext = { ruleName: string; ruleArn: string; ingestedAt: string }

export type TargetInput = (event: BusEvent, context: DeliveryContext) => string

/**
 * How a target's payload is made from an event: a constant, a part of it, a template, or the whole event. Throws on a path or a
 * placeholder that EventBridge would refuse when the rule is made.
 */
export function compileTargetInput(target: EventBridgeTarget): TargetInput {
  const given = [target.input, target.inputPath, target.inputTransformer].filter((one) => one !== undefined)
  if (given.length > 1)
    throw new Error(`Target ${target.id}: only one of input, inputPath and inputTransformer`)
  if (target.input !== undefined) return () => target.input!
  if (target.inputPath !== undefined) {
    const read = compileJsonPath(target.inputPath)
    return (event) => JSON.stringify(read(event) ?? null)
  }
  if (target.inputTransformer) return compileTransformer(target.id, target.inputTransformer)
  return (event) => JSON.stringify(event)
}

function compileTransformer(
  targetId: string,
  transformer: NonNullable<EventBridgeTarget['inputTransformer']>,
): TargetInput {
  const variables = Object.entries(transformer.inputPathsMap ?? {}).map(
    ([name, path]) => [name, compileJsonPath(path)] as const,
  )
  const known = new Set([...variables.map(([name]) => name), ...reservedNames])
  for (const [, name] of transformer.inputTemplate.matchAll(placeholder)) {
    if (!known.has(name!))
      throw new Error(`Target ${targetId}: the template's <${name}> is not in its input paths`)
  }
  return (event, context) => {
    const values = new Map<string, unknown>(variables.map(([name, read]) => [name, read(event)]))
    for (const [name, value] of Object.entries(reservedValues(event, context))) values.set(name, value)
    return fillTemplate(transformer.inputTemplate, values)
  }
}

const placeholder = /<([A-Za-z0-9_.-]+)>/g

const reservedNames = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event.ingestion-time',
  'aws.events.event',
  'aws.events.event.json',
]

function reservedValues(event: BusEvent, context: DeliveryContext): Record<string, unknown> {
  const { detail, ...withoutDetail } = event
  return {
    'aws.events.rule-arn': context.ruleArn,
    'aws.events.rule-name': context.ruleName,
    'aws.events.event.ingestion-time': context.ingestedAt,
    'aws.events.event': withoutDetail,
    'aws.events.event.json': { ...withoutDetail, detail },
  }
}

/**
 * A placeholder between quotes becomes the bare text of its value, one outside becomes JSON: text gets its quotes. A path that
 * the event does not have gives empty text.
 */
function fillTemplate(template: string, values: Map<string, unknown>): string {
  let isQuoted = false
  let filled = ''
  for (const part of template.split(/(\\.|"|<[A-Za-z0-9_.-]+>)/gs)) {
    const name = /^<([A-Za-z0-9_.-]+)>$/.exec(part)?.[1]
    if (part === '"') isQuoted = !isQuoted
    if (name === undefined) filled += part
    else filled += isQuoted ? textWithin(values.get(name)) : JSON.stringify(values.get(name) ?? '')
  }
  return filled
}

function textWithin(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
  return JSON.stringify(text).slice(1, -1)
}

/** Reads `$.detail.items[0].id`: the simple paths that EventBridge takes. Any other path throws. */
function compileJsonPath(path: string): (event: unknown) => unknown {
  if (!/^\$(\.[A-Za-z0-9_-]+|\[\d+\])*$/.test(path)) throw new Error(`Not a simple JSON path: ${path}`)
  const steps = [...path.matchAll(/\.([A-Za-z0-9_-]+)|\[(\d+)\]/g)].map(
    ([, field, index]) => field ?? Number(index),
  )
  return (event) =>
    steps.reduce<unknown>((value, step) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
      return (value as Record<string | number, unknown>)[step]
    }, event)
}
