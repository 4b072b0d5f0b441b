import type { StoppedService } from './subscription.ts'

/** The month that begins next, once clients are warned of it. */
export type ComingMonth = {
  dueAt: string
  /** What it costs while those are stopped. */
  priceWithout: (stopped: readonly StoppedService[]) => bigint
}
