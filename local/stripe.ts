import { createServer } from 'node:http'
import { closeServer, listenOnLoopback } from './listen-on-loopback.ts'
import { isLiveKey } from './stripe/api-keys.ts'
import { createControls, type StripeControls } from './stripe/controls.ts'
import { createFaults, type Fault } from './stripe/faults.ts'
import { createStripeRequestHandler } from './stripe/serve-requests.ts'
import { settleDue as settleDueIn } from './stripe/settle-due.ts'
import { openStripeStore } from './stripe/stripe-store.ts'
import { createStripeWorld } from './stripe/stripe-world.ts'
import { createWebhookDelivery, type DeliveryDisorder } from './stripe/webhook-delivery.ts'

export interface StripeOptions {
  /** 0 picks a free port. */
  port: number
  /** Where `stripe.sqlite` is kept: everything that happened survives kill -9. */
  folder: string
  /** The one key that is accepted; a live key (`sk_live_…`, `rk_live_…`) is refused. */
  apiKey: string
  /** Signs the webhooks (`whsec_…`). */
  webhookSigningSecret: string
  /** Where events are posted; while there is none, they wait. */
  webhookUrl?: string
  /** Delivers events twice, newest first, late or never. */
  delivery?: DeliveryDisorder
}

export interface RunningStripe {
  url: string
  /** Whether no event waits for its delivery and no delivery is under way. */
  isIdle(): boolean
  /** Resolves once `isIdle()`. */
  untilIdle(): Promise<void>
  setWebhookUrl(webhookUrl: string | undefined): void
  setDelivery(disorder: DeliveryDisorder): void
  /** Makes the next calls of an endpoint fail; see `Fault`. */
  addFault(fault: Fault): void
  /** Lets held calls go on, and forgets every fault that is left. */
  releaseFaults(): void
  /**
   * Does what is due by `Date.now()` (sessions expire, slow refunds end, unanswered disputes are lost); returns how much.
   * Call it after moving the clock.
   */
  settleDue(): number
  /** What happens at Stripe without us: refunds by hand, disputes, card updates, the end of slow payments. */
  controls: StripeControls
  /** The same as `controls.setSavedCard`. */
  setSavedCard(paymentMethodId: string, cardNumber: string): void
  /** Ends it; what was not delivered is delivered after the next start. A second call waits for the first. */
  close(): Promise<void>
}

export type { StripeControls } from './stripe/controls.ts'
export type { Fault } from './stripe/faults.ts'
export { payCheckout, saveCard } from './stripe/pay-checkout.ts'
export type { DeliveryDisorder } from './stripe/webhook-delivery.ts'

const DUE_CHECK_MILLISECONDS = 1000

/**
 * Starts the local stand-in for Stripe: the endpoints that the project uses, the hosted payment page with test cards, and
 * signed webhooks, kept in one SQLite file. No money can move: live keys are refused, and it listens on loopback alone.
 */
export async function startStripe(options: StripeOptions): Promise<RunningStripe> {
  if (isLiveKey(options.apiKey)) throw new Error('The local Stripe stand-in refuses live keys')
  const store = openStripeStore(options.folder)
  const server = createServer()
  const port = await listenOnLoopback(server, options.port)
  const url = `http://127.0.0.1:${port}`
  const webhooks = createWebhookDelivery(
    store,
    options.webhookSigningSecret,
    options.webhookUrl,
    options.delivery,
  )
  const world = createStripeWorld(store, url)
  const faults = createFaults()
  const controls = createControls(world, webhooks.wake)
  const settleDue = () => {
    const count = settleDueIn(world)
    if (count > 0) webhooks.wake()
    return count
  }
  server.on(
    'request',
    createStripeRequestHandler({ world, webhooks, faults, controls, apiKey: options.apiKey, settleDue }),
  )
  const timer = setInterval(settleDue, DUE_CHECK_MILLISECONDS)
  timer.unref()
  webhooks.wake()
  let closing: Promise<void> | undefined
  const close = async () => {
    clearInterval(timer)
    await webhooks.stop()
    await closeServer(server)
    store.close()
  }
  return {
    url,
    isIdle: webhooks.isIdle,
    untilIdle: webhooks.untilIdle,
    setWebhookUrl: webhooks.setUrl,
    setDelivery: webhooks.setDisorder,
    addFault: faults.add,
    releaseFaults: faults.release,
    settleDue,
    controls,
    setSavedCard: controls.setSavedCard,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
