import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { eventOf, sign, startPayments } from './payments.ts'

let payments: Awaited<ReturnType<typeof startPayments>>

beforeAll(async () => {
  payments = await startPayments()
  // Events are written by hand here: the stand-in's own stay where they are.
  payments.stripe.setWebhookUrl(undefined)
})
afterAll(() => payments.stop())

/** All that Stripe tells of one payment by its page, whose first card was declined; it is paid in the end. */
function eventsOf({ accountId, topUpId }: { accountId: string; topUpId: string }, sessionId: string) {
  const metadata = { accountId, topUpId, purpose: 'top_up' }
  const intent = {
    id: `pi_${topUpId}`,
    object: 'payment_intent',
    metadata,
    amount: 500,
    amount_received: 0,
    currency: 'usd',
    customer: null,
    payment_method: null,
    setup_future_usage: null,
    last_payment_error: null,
  }
  const session = {
    id: sessionId,
    object: 'checkout.session',
    metadata,
    amount_total: 500,
    currency: 'usd',
    payment_intent: intent.id,
  }
  const declined = { code: 'card_declined', decline_code: 'generic_decline' }
  const open = { ...intent, status: 'requires_payment_method' }
  const paid = { ...intent, status: 'succeeded', amount_received: 500 }
  const charge = { id: 'ch_1', object: 'charge', metadata, amount: 500, payment_intent: intent.id }
  return {
    created: eventOf('payment_intent.created', open),
    declined: eventOf('payment_intent.payment_failed', { ...open, last_payment_error: declined }),
    chargeFailed: eventOf('charge.failed', { ...charge, status: 'failed' }),
    action: eventOf('payment_intent.requires_action', { ...intent, status: 'requires_action' }),
    processing: eventOf('payment_intent.processing', { ...intent, status: 'processing' }),
    unpaid: eventOf('checkout.session.completed', {
      ...session,
      status: 'complete',
      payment_status: 'unpaid',
    }),
    asyncFailed: eventOf('checkout.session.async_payment_failed', {
      ...session,
      status: 'complete',
      payment_status: 'unpaid',
    }),
    expired: eventOf('checkout.session.expired', { ...session, status: 'expired', payment_status: 'unpaid' }),
    canceled: eventOf('payment_intent.canceled', { ...intent, status: 'canceled' }),
    succeeded: eventOf('payment_intent.succeeded', paid),
    charged: eventOf('charge.succeeded', { ...charge, status: 'succeeded' }),
    completed: eventOf('checkout.session.completed', {
      ...session,
      status: 'complete',
      payment_status: 'paid',
    }),
    asyncPaid: eventOf('checkout.session.async_payment_succeeded', {
      ...session,
      status: 'complete',
      payment_status: 'paid',
    }),
  }
}

type Name = keyof ReturnType<typeof eventsOf>
const NAMES = Object.keys(eventsOf({ accountId: '', topUpId: '' }, '')) as Name[]
const PAYING: readonly Name[] = ['succeeded', 'completed', 'asyncPaid']

it('one payment credits once, whichever of its events arrive, how often and in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 14 }),
      fc.boolean(),
      async (names, isTogether) => {
        const account = await payments.openAccount()
        const topUp = await payments.start(account, '5.00')
        const events = eventsOf(topUp, topUp.sessionId!)
        const send = async (name: Name) => {
          const reply = await payments.deliver(events[name], sign(events[name]))
          // What is told to come again does.
          if (reply.status === 503) return send(name)
          expect(reply.status).toBe(200)
        }
        if (isTogether) await Promise.all(names.map(send))
        else for (const name of names) await send(name)
        const isPaid = names.some((name) => PAYING.includes(name))
        const head = (await createLedger(payments.database).readHead(account.accountId))!
        const entries = await payments.entriesOf(account.accountId)
        expect(proveAccount(head, entries)).toEqual([])
        expect(head.availableMicros).toBe(isPaid ? 5_000_000n : 0n)
        expect(entries).toHaveLength(isPaid ? 1 : 0)
        const { status } = (await payments.topUps.read(account.accountId, topUp.topUpId))!
        if (isPaid) expect(status).toBe('settled')
        else expect(['processing', 'failed', 'expired']).toContain(status)
      },
    ),
    { numRuns: 40 },
  )
}, 120_000)
