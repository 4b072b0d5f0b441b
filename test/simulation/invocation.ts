import type { Carry } from './boundary.ts'
import type { Running } from './scheduler.ts'
import type { Inside } from './virtual-time.ts'
import type { HandlerName } from './workers.ts'

/** What became of an invocation. `lost`: the worker died, and nobody knows how far it came. */
export type Outcome =
  | { kind: 'answered'; value: unknown; hadFaults: boolean }
  | { kind: 'threw'; error: unknown; hadFaults: boolean }
  | { kind: 'lost' }

/** One call of a handler: by a caller, or by a queue that delivers. */
export type InvocationSpec = {
  label: string
  handler: HandlerName
  event: () => unknown
  /** Takes the outcome; what it returns is checked when the step is over. */
  end: (outcome: Outcome) => (() => void) | undefined
  /** The same once more, for a fault that does everything twice. */
  twin?: () => InvocationSpec
}

/** An invocation under way: its own clock, its own way to the services. */
export type Invocation = Running & Inside & { carry: Carry; faultCount: number; end(outcome: Outcome): void }
