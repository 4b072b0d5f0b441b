import { hashOf } from '../ledger/canonical-json.ts'

/** One use of a service: a CloudEvent, read and checked. `source` and `id` are its identity, whatever its subject. */
export type UsageEvent = {
  source: string
  id: string
  accountId: string
  /** The CloudEvent's `type`. */
  service: string
  /** When it happened: ISO instant, UTC, with milliseconds. */
  at: string
  /** The CloudEvents extension `sequence`: orders the events of a source that happened at the same instant. */
  sequence?: string
  /** Its place in its source's numbering for this account, from 1 without gaps, where the source numbers. */
  number?: number
  /** Whole units. */
  quantity?: number
  /** Whole seconds. */
  seconds?: number
  attributes: Record<string, string | number>
}

export type NumberedEvent = UsageEvent & { number: number }

export type UsageEventIdentity = Pick<UsageEvent, 'source' | 'id'>

export function isNumbered(event: UsageEvent): event is NumberedEvent {
  return event.number !== undefined
}

/**
 * The key of an event's marker in the usage table. No two identities share one: a `#` within a source is written `%23`
 * and a `%` is written `%25`, so that the `#` between source and id is the first one after the prefix.
 */
export function usageEventKey({ source, id }: UsageEventIdentity): { pk: string; sk: 'EVENT' } {
  const escaped = source.replaceAll('%', '%25').replaceAll('#', '%23')
  return { pk: `EVENT#${escaped}#${id}`, sk: 'EVENT' }
}

/**
 * Tells whether a repeated event says the same: a hash of everything that bears on its price. `sequence` and other
 * extensions are not part of it, since tracing and transport may change them between two tries.
 */
export function usageContentHash(event: UsageEvent): string {
  const { accountId, service, at, quantity, seconds, attributes } = event
  return hashOf({ accountId, service, at, quantity, seconds, attributes })
}

/** The order in which the events of one posting are deducted that are not numbered: time, source, sequence, id. */
export function compareUsageEvents(left: UsageEvent, right: UsageEvent): number {
  return (
    compareTexts(left.at, right.at) ||
    compareTexts(left.source, right.source) ||
    compareSequences(left.sequence, right.sequence) ||
    compareTexts(left.id, right.id)
  )
}

/** Numbers by their value and before other texts; events without a sequence come first. */
function compareSequences(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined)
  const isNumber = (text: string) => /^\d+$/.test(text)
  if (isNumber(left) !== isNumber(right)) return isNumber(left) ? -1 : 1
  if (!isNumber(left)) return compareTexts(left, right)
  const difference = BigInt(left) - BigInt(right)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

export function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1
}
