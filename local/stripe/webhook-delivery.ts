import { createHmac } from 'node:crypto'
import type { StripeStore, WaitingDelivery } from './stripe-store.ts'

/** Ways in which Stripe may deliver and which a receiver has to bear. */
export interface DeliveryDisorder {
  /** Each event is posted a second time after it was taken. */
  duplicate?: boolean
  /** The events that wait at one moment are posted newest first. */
  shuffle?: boolean
  /** Each event waits this long, in real time, before it is posted for the first time. */
  delayMilliseconds?: number
  /** These events are never delivered: all that wait while this is so, or those of these types. */
  lose?: boolean | string[]
}

export interface WebhookDelivery {
  /** Looks for events that wait; call it after each committed change. */
  wake(): void
  /** Whether nothing waits and nothing is under way; true once stopped. */
  isIdle(): boolean
  untilIdle(): Promise<void>
  setUrl(url: string | undefined): void
  setDisorder(disorder: DeliveryDisorder): void
  /** Abandons what is under way; events that were not taken stay in the store. */
  stop(): Promise<void>
}

const FIRST_RETRY_MILLISECONDS = 100
const LONGEST_RETRY_MILLISECONDS = 5000
const TIMEOUT_MILLISECONDS = 30_000

/**
 * Posts each event, signed afresh at every attempt, until the receiver answers 2xx; an event leaves the store only then,
 * so it may arrive more than once and never less. An event that is refused waits (100 ms, doubling to 5 s) without
 * holding up the others.
 */
export function createWebhookDelivery(
  store: StripeStore,
  signingSecret: string,
  url?: string,
  disorder: DeliveryDisorder = {},
): WebhookDelivery {
  return new Delivery(store, signingSecret, url, disorder)
}

class Delivery implements WebhookDelivery {
  #store: StripeStore
  #signingSecret: string
  #url: string | undefined
  #disorder: DeliveryDisorder
  #attempts = new Map<number, number>()
  #notBefore = new Map<number, number>()
  #stopping = new AbortController()
  #running: Promise<void> | undefined
  #wokenAgain = false
  #timer: NodeJS.Timeout | undefined
  #idleListeners: (() => void)[] = []

  constructor(
    store: StripeStore,
    signingSecret: string,
    url: string | undefined,
    disorder: DeliveryDisorder,
  ) {
    this.#store = store
    this.#signingSecret = signingSecret
    this.#url = url
    this.#disorder = disorder
  }

  wake = (): void => {
    this.#wokenAgain = true
    if (this.#running || this.#stopping.signal.aborted) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.#stopping.signal.aborted) return
      if (this.isIdle()) this.#announceIdle()
      else this.#wakeLater()
    })
  }

  isIdle = (): boolean => {
    if (this.#stopping.signal.aborted) return true
    return !this.#running && this.#store.waitingDeliveries().length === 0
  }

  untilIdle = (): Promise<void> => {
    if (this.isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idleListeners.push(resolve))
  }

  setUrl = (url: string | undefined): void => {
    this.#url = url
    this.#notBefore.clear()
    this.wake()
  }

  setDisorder = (disorder: DeliveryDisorder): void => {
    this.#disorder = disorder
  }

  stop = async (): Promise<void> => {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#running
    this.#announceIdle()
  }

  async #run(): Promise<void> {
    while (this.#wokenAgain && !this.#stopping.signal.aborted) {
      this.#wokenAgain = false
      const now = performance.now()
      const due = this.#store
        .waitingDeliveries()
        .filter(({ sequence }) => (this.#notBefore.get(sequence) ?? 0) <= now)
      if (this.#disorder.shuffle) due.reverse()
      for (const delivery of due) {
        if (!this.#url || this.#stopping.signal.aborted) break
        if (this.#isLost(delivery)) this.#forget(delivery.sequence)
        else if (!this.#delays(delivery)) await this.#deliver(delivery, this.#url)
      }
    }
  }

  #isLost(delivery: WaitingDelivery): boolean {
    const { lose = false } = this.#disorder
    if (typeof lose === 'boolean') return lose
    return lose.includes((JSON.parse(delivery.payload) as { type: string }).type)
  }

  /** Puts off a delivery that is seen for the first time, if deliveries are to be late. */
  #delays({ sequence }: WaitingDelivery): boolean {
    const delay = this.#disorder.delayMilliseconds ?? 0
    if (delay === 0 || this.#notBefore.has(sequence)) return false
    this.#notBefore.set(sequence, performance.now() + delay)
    return true
  }

  async #deliver(delivery: WaitingDelivery, url: string): Promise<void> {
    const wasTaken = await this.#post(url, delivery.payload)
    if (this.#stopping.signal.aborted && !wasTaken) return
    if (!wasTaken) {
      this.#postpone(delivery.sequence)
      return
    }
    if (this.#disorder.duplicate) await this.#post(url, delivery.payload)
    this.#forget(delivery.sequence)
  }

  #forget(sequence: number): void {
    this.#attempts.delete(sequence)
    this.#notBefore.delete(sequence)
    this.#store.finishDelivery(sequence)
  }

  async #post(url: string, payload: string): Promise<boolean> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (local stand-in)',
          'stripe-signature': signatureOf(payload, this.#signingSecret),
        },
        body: payload,
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MILLISECONDS)]),
      })
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    }
  }

  // Retries run on real time: the test clock may jump by weeks between two attempts.
  #postpone(sequence: number): void {
    const attempts = (this.#attempts.get(sequence) ?? 0) + 1
    this.#attempts.set(sequence, attempts)
    const delay = Math.min(FIRST_RETRY_MILLISECONDS * 2 ** (attempts - 1), LONGEST_RETRY_MILLISECONDS)
    this.#notBefore.set(sequence, performance.now() + delay)
  }

  #wakeLater(): void {
    if (!this.#url) return
    const next = Math.min(
      ...this.#store.waitingDeliveries().map(({ sequence }) => this.#notBefore.get(sequence) ?? 0),
    )
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.wake, Math.max(1, next - performance.now()))
    this.#timer.unref()
  }

  #announceIdle(): void {
    const listeners = this.#idleListeners
    this.#idleListeners = []
    for (const listener of listeners) listener()
  }
}

/** The `Stripe-Signature` header: HMAC-SHA256 over `<seconds>.<payload>`, scheme v1. */
export function signatureOf(payload: string, signingSecret: string): string {
  const seconds = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', signingSecret).update(`${seconds}.${payload}`).digest('hex')
  return `t=${seconds},v1=${signature}`
}
