// Stands in for Amazon EventBridge's event buses: PutEvents with a verdict per entry, rules with event patterns (exact, prefix, suffix,
// anything-but, exists, numeric, equals-ignore-case, wildcard, $or), targets with constant input, input path or input transformer.
// An accepted event is written to a journal before the answer and delivered at least once, also after kill -9, with up to 185 attempts.
// Leaves out: making rules and buses (they are declared at start), schedules, archives and replay, pipes, partner and cross-account buses,
// cidr patterns, dead-letter queues of targets (what was given up is listed by `undelivered()`). Stricter than AWS in one point: an entry
// for a bus that was not declared fails, where AWS may drop it silently.
import { type JsonObject, startAwsJsonServer } from './aws-json.ts'
import type { EventBridgeRule, EventBridgeTarget, UndeliveredEvent } from './eventbridge/bus.types.ts'
import { type NewDelivery, openDeliveryJournal } from './eventbridge/delivery-journal.ts'
import { compileEventPattern } from './eventbridge/event-pattern.ts'
import { type EntryResult, envelope, parsePutEvents } from './eventbridge/put-events.ts'
import { startTargetDelivery } from './eventbridge/target-delivery.ts'
import { compileTargetInput } from './eventbridge/target-input.ts'

export type { EventBridgeRule, EventBridgeTarget, UndeliveredEvent }

export type EventBridgeOptions = {
  /** `eventbridge.sqlite`, the journal of undelivered events, lives here. */
  folder: string
  rules: readonly EventBridgeRule[]
  /** Buses beside `default` and those that the rules name; an event to any other bus is an error. */
  buses?: readonly string[]
  /** 0 (the default) takes a free port. */
  port?: number
  region?: string
  accountId?: string
}

export type EventBridge = {
  url: string
  close(): Promise<void>
  busArn(busName: string): string
  /** Takes an event of an AWS service, which the default bus gets without a PutEvents. */
  takeFromService(event: { source: string; detailType: string; detail: Record<string, unknown> }): void
  /** True when no accepted event waits for delivery or retry. */
  isIdle(): boolean
  waitForIdle(): Promise<void>
  /** Deliveries that were given up. */
  undelivered(): UndeliveredEvent[]
}

/** Serves the buses on loopback and delivers what an earlier run left. Throws on a pattern, a path or a template that is not valid. */
export async function startEventBridge(options: EventBridgeOptions): Promise<EventBridge> {
  const region = options.region ?? 'us-east-1'
  const accountId = options.accountId ?? '000000000000'
  const arnPrefix = `arn:aws:events:${region}:${accountId}:`
  const rules = compileRules(options.rules, arnPrefix)
  const place = {
    region,
    accountId,
    busNames: new Set(['default', ...(options.buses ?? []), ...rules.map((r) => r.busName)]),
  }
  const journal = openDeliveryJournal(options.folder)
  const idleWaiters = new Set<() => void>()
  const onSettled = () => {
    if (idleWaiters.size === 0 || !journal.isEmpty()) return
    for (const resolve of idleWaiters) resolve()
    idleWaiters.clear()
  }
  const deliveries = options.rules.flatMap((rule) =>
    rule.targets.map((target) => startTargetDelivery(journal, rule.name, target, onSettled)),
  )
  const wakeAll = () => {
    for (const delivery of deliveries) delivery.wake()
  }
  const accept = (results: EntryResult[], clock: Date) => {
    journal.append(results.flatMap((result) => rules.flatMap((rule) => rule.deliveriesOf(result, clock))))
    wakeAll()
  }
  const closeAll = async () => {
    await Promise.all(deliveries.map((delivery) => delivery.close()))
    journal.close()
  }

  const server = await startAwsJsonServer(
    { targetPrefix: 'AWSEvents', jsonVersion: '1.1', port: options.port ?? 0 },
    {
      PutEvents: (input) => {
        const clock = new Date()
        const results = parsePutEvents(input, place, clock)
        accept(results, clock)
        return describeResults(results)
      },
    },
  ).catch(async (error: unknown) => {
    await closeAll()
    throw error
  })
  journal.giveUpOrphans((ruleName, targetId) =>
    options.rules.some(
      (rule) => rule.name === ruleName && rule.targets.some((target) => target.id === targetId),
    ),
  )
  wakeAll()
  return {
    url: server.url,
    busArn: (busName) => `${arnPrefix}event-bus/${busName}`,
    takeFromService: (said) => {
      const clock = new Date()
      accept([{ event: envelope(said, place, clock), busName: 'default' }], clock)
    },
    isIdle: () => journal.isEmpty(),
    waitForIdle: () =>
      journal.isEmpty() ? Promise.resolve() : new Promise((resolve) => idleWaiters.add(resolve)),
    undelivered: () => journal.undelivered(),
    close: async () => {
      await server.close()
      await closeAll()
    },
  }
}

function compileRules(rules: readonly EventBridgeRule[], arnPrefix: string) {
  if (new Set(rules.map((rule) => rule.name)).size !== rules.length)
    throw new Error('Two rules have the same name.')
  return rules.map((rule) => {
    const busName = rule.busName ?? 'default'
    const matches = compileEventPattern(rule.eventPattern)
    const inputs = rule.targets.map((target) => ({
      targetId: target.id,
      inputOf: compileTargetInput(target),
    }))
    if (new Set(inputs.map((input) => input.targetId)).size !== inputs.length) {
      throw new Error(`Rule ${rule.name}: two targets have the same id`)
    }
    const ruleArn = `${arnPrefix}rule/${busName === 'default' ? '' : `${busName}/`}${rule.name}`
    const deliveriesOf = (result: EntryResult, clock: Date): NewDelivery[] => {
      if (!('event' in result) || result.busName !== busName || !matches(result.event)) return []
      const context = { ruleName: rule.name, ruleArn, ingestedAt: clock.toISOString() }
      return inputs.map(({ targetId, inputOf }) => ({
        ruleName: rule.name,
        targetId,
        payloadJson: inputOf(result.event, context),
      }))
    }
    return { busName, deliveriesOf }
  })
}

function describeResults(results: EntryResult[]): JsonObject {
  return {
    FailedEntryCount: results.filter((result) => !('event' in result)).length,
    Entries: results.map((result) =>
      'event' in result
        ? { EventId: result.event.id }
        : { ErrorCode: result.code, ErrorMessage: result.message },
    ),
  }
}
