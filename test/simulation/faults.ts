import type { BoundaryCall } from './boundary.ts'
import type { Random } from './random.ts'

/** What may go wrong, each with what it does. */
export const FAULTS = {
  call_lost: 'a call breaks before it reaches its service',
  reply_lost: 'a call is carried out and its reply is lost',
  duplicate: 'a call is carried out twice; a request or a message is handed to two workers at once',
  delay: 'a call is on its way for seconds to hours, often longer than its worker lives',
  reorder: 'calls overtake each other; messages of a queue that keeps no order come in any',
  throttle: 'a service turns a call down for being one too many',
  conflict: 'the database refuses a write with TransactionConflict',
  partial_batch: 'a service does only part of a batch',
  server_error: 'the payment provider answers 500, done or not, and goes on answering so for the same key',
  notice_lost: 'the payment provider never gets a notice through',
  worker_killed: 'a worker dies before or after a call, and with it all that it remembers',
  clock_skew: 'a worker whose clock is up to 90 seconds off does the work',
  late_redelivery: 'what was delivered and done is delivered again, a week or more later',
} as const

export type FaultKind = keyof typeof FAULTS
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]
export type FaultCounts = Record<FaultKind, number>

export const noFaults = (): FaultCounts =>
  Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as FaultCounts

const WRITES = new Set(['TransactWriteItems', 'PutItem', 'UpdateItem', 'DeleteItem'])
const BATCHES = new Set(['BatchGetItem', 'SendMessageBatch', 'PutEvents'])

/** What may strike a call. A week's delay, a skewed clock and the like do not strike calls but whole invocations. */
function kindsFor({ service, operation }: BoundaryCall): FaultKind[] {
  const kinds: FaultKind[] = ['call_lost', 'reply_lost', 'delay', 'worker_killed']
  if (service === 'stripe') kinds.push('server_error', 'server_error')
  else kinds.push('throttle')
  // What strikes few calls strikes them the more often.
  if (WRITES.has(operation)) kinds.push('conflict', 'conflict', 'duplicate')
  if (BATCHES.has(operation)) kinds.push('partial_batch', 'partial_batch', 'partial_batch')
  return kinds
}

/** The fault that strikes a call, if any does. */
export function chooseFault(
  call: BoundaryCall,
  enabled: ReadonlySet<FaultKind>,
  percent: number,
  random: Random,
): FaultKind | undefined {
  if (!random.chance(percent)) return undefined
  const kinds = kindsFor(call).filter((kind) => enabled.has(kind))
  return kinds.length > 0 ? random.pick(kinds) : undefined
}
