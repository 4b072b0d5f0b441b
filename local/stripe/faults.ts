/** How a call fails. */
export type FaultKind =
  /** 429 `rate_limit`, and nothing happened. */
  | 'rate_limited'
  /** The connection breaks before anything happened. */
  | 'disconnect_before'
  /** Nothing happens, and no answer ever comes. */
  | 'timeout_before'
  /** 500, and nothing happened. Nothing is remembered for its idempotency key either. */
  | 'error_before'
  /** It took effect, and the answer is a 500. As Stripe documents, the key remembers the 500 and replays it. */
  | 'error_after'
  /** It took effect, and no answer ever comes; the key remembers the real answer. */
  | 'timeout_after'
  /** It took effect, and the connection breaks; the key remembers the real answer. */
  | 'disconnect_after'
  /** The call waits, its idempotency key in use, until the faults are released. */
  | 'hold_before'

export interface Fault {
  /** Method and path with its placeholders, for instance `POST /v1/refunds` or `GET /v1/events/:id`; `*` is any. */
  endpoint: string
  kind: FaultKind
  /** How many of the next calls fail; 1 if absent. */
  times?: number
}

export interface Faults {
  add(fault: Fault): void
  /** Takes the next fault of an endpoint, if one is left. */
  take(endpoint: string): FaultKind | undefined
  /** Resolves when `release()` is called. */
  untilReleased(): Promise<void>
  /** Lets held calls go on, and forgets every fault that is left. */
  release(): void
}

/** In the place of an endpoint: any of them. */
export const ANY_ENDPOINT = '*'

export const FAULT_KINDS: FaultKind[] = [
  'rate_limited',
  'disconnect_before',
  'timeout_before',
  'error_before',
  'error_after',
  'timeout_after',
  'disconnect_after',
  'hold_before',
]

/** Faults in the order in which they were asked for; they live in memory, so a restart forgets them. */
export function createFaults(): Faults {
  let waiting: Required<Fault>[] = []
  let held: (() => void)[] = []
  return {
    add(fault) {
      waiting.push({ times: 1, ...fault })
    },
    take(endpoint) {
      const fault = waiting.find((candidate) => [endpoint, ANY_ENDPOINT].includes(candidate.endpoint))
      if (!fault) return undefined
      fault.times -= 1
      waiting = waiting.filter((candidate) => candidate.times > 0)
      return fault.kind
    },
    untilReleased: () => new Promise((resolve) => held.push(resolve)),
    release() {
      const released = held
      held = []
      waiting = []
      for (const goOn of released) goOn()
    },
  }
}
