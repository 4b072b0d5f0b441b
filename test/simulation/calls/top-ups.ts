import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { InvocationSpec } from '../invocation.ts'
import { type PaymentNotice, signatureOf } from '../payments.ts'
import { Request, readAnswer } from '../request.ts'
import { require } from '../require.ts'
import type { World } from '../world.ts'
import { type CallKind, decimal, microsOf, sendAgain, staffClaims } from './call.ts'

/** A client wants to pay. The credit comes later, with the provider's word alone. */
export const topUp: CallKind<{ account: number; cents: number }> = {
  choices: fc.record({ account: fc.nat(7), cents: fc.integer({ min: 500, max: 3000 }) }),
  prepare(world, { account, cents }) {
    const { books } = world.account(account)
    const idempotencyKey = `t${world.sent.length + 1}`
    const label = `top up ${books.name} by ${decimal(cents)} (${idempotencyKey})`
    let topUpId: string | undefined
    const attempt = (): InvocationSpec => ({
      label,
      handler: 'top-up/top-up',
      event: () =>
        eventOf({
          route: 'POST /v1/accounts/{accountId}/top-ups',
          path: { accountId: books.accountId },
          headers: { 'idempotency-key': idempotencyKey },
          claims: staffClaims,
          body: { amount: decimal(cents), currency: 'USD' },
        }),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        if (answer.kind === 'unknown') return undefined
        require(answer.kind === 'done', () => `${label}: is refused`)
        const known = topUpId ?? answer.body.topUpId
        require(answer.body.topUpId === known, () => `${label}: is ${answer.body.topUpId} and was ${known}`)
        topUpId = answer.body.topUpId as string
        return undefined
      },
    })
    return sendAgain(world, attempt)
  },
}

/** A payer pays at a page that is open, and the provider begins to tell of it. */
export const payment: CallKind<{ checkout: number }> = {
  choices: fc.record({ checkout: fc.nat(20) }),
  prepare(world, choice) {
    const open = world.provider.checkouts.filter(({ isPaid }) => !isPaid)
    if (open.length === 0) return undefined
    const checkout = open[choice.checkout % open.length]!
    world.provider.pay(checkout, world.nowMilliseconds)
    const { accountId, topUpId, amountCents } = checkout
    const account = world.accounts.find(({ books }) => books.accountId === accountId)!.books
    const key = `top-up:${topUpId}`
    const request = world.requestOf(accountId, key, () => {
      const options = { label: `payment of ${checkout.sessionId}`, account, key }
      return new Request({
        ...options,
        handler: 'top-up/receive-payment-event',
        event: () => undefined,
        amountMicros: () => microsOf(amountCents),
        refusals: {},
        transactionOf: () => undefined,
      })
    })
    request.begin()
    return notify(world, world.provider.notices.at(-2)!)
  },
}

/** The provider tells what nobody has answered to yet. */
export const paymentNotice: CallKind<{ notice: number }> = {
  choices: fc.record({ notice: fc.nat(20) }),
  prepare(world, choice) {
    const waiting = world.provider.notices.filter(({ wasTaken }) => !wasTaken)
    return waiting.length === 0 ? undefined : notify(world, waiting[choice.notice % waiting.length]!)
  },
}

/** Tells the webhook; signed anew each time, as the provider does. */
export function notify(world: World, notice: PaymentNotice): InvocationSpec {
  return {
    twin: () => notify(world, notice),
    label: `notice ${notice.label}`,
    handler: 'top-up/receive-payment-event',
    event: () => ({
      ...eventOf({ route: 'POST /v1/webhooks/stripe' }),
      body: notice.body,
      headers: {
        'content-type': 'application/json',
        'stripe-signature': signatureOf(notice.body, world.nowMilliseconds),
      },
    }),
    end: (outcome) => {
      const answer = readAnswer(notice.label, outcome)
      if (answer.kind === 'unknown') return undefined
      require(answer.kind === 'done', () => `notice ${notice.label}: is refused`)
      notice.wasTaken = true
      notice.takenAt = world.nowMilliseconds
      return () => {
        const { data } = JSON.parse(notice.body) as { data: { object: { metadata: Record<string, string> } } }
        const { accountId, topUpId } = data.object.metadata
        const credited = world.requests.get(`${accountId} top-up:${topUpId}`)?.entry
        require(credited !== undefined, () => `notice ${notice.label}: is taken and not credited`)
      }
    },
  }
}
