import type { Head } from '../ledger/entry.ts'
import type { RingFence } from '../ring-fence/ring-fence.ts'
import type { GraceDue } from './grace-due.store.ts'
import type { PeriodDocument } from './period-document.ts'
import type { Due } from './subscription.store.ts'

/** What a step finds: all of it read before it decides, and a condition of what it writes. */
export type Situation = {
  due: Due
  head: Head
  /** The months that are owed, oldest first. */
  short: PeriodDocument[]
  /** What comes next of their grace; undefined when nobody waits for it. */
  grace: GraceDue | undefined
  /** What is set aside for the plan. */
  ringFence: RingFence
}
