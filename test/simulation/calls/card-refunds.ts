import fc from 'fast-check'
import { idFromKey } from '../../../functions/edge/request-id.ts'
import { eventOf } from '../../support/request.ts'
import { decideRefund, refundByHand } from '../provider/outside.ts'
import { Request } from '../request.ts'
import { type CallKind, decimal, microsOf, send, staffClaims } from './call.ts'
import { notifyFirst } from './notices.ts'

/** Staff send a part of a payment back to its card. */
export const cardRefund: CallKind<{ account: number; topUp: number; cents: number }> = {
  choices: fc.record({ account: fc.nat(7), topUp: fc.nat(8), cents: fc.integer({ min: 1, max: 2000 }) }),
  prepare(world, choice) {
    const { books, payments } = world.account(choice.account)
    const { accountId, name, lots } = books
    const settled = payments.settledTopUps()
    if (settled.length === 0) return undefined
    const { topUpId, entrySequence } = settled[choice.topUp % settled.length]!
    const idempotencyKey = `k${world.requests.size + 1}`
    const amount = decimal(choice.cents)
    const amountMicros = microsOf(choice.cents)
    const key = `top-up-refund:${idFromKey('ref', accountId, idempotencyKey)}`
    const request = world.requestOf(
      accountId,
      key,
      () =>
        new Request({
          label: `refund ${amount} of payment ${name} #${entrySequence} to its card`,
          account: books,
          key,
          handler: 'refunds/request-refund',
          event: () =>
            eventOf({
              route: 'POST /v1/accounts/{accountId}/top-ups/{topUpId}/refunds',
              path: { accountId, topUpId },
              headers: { 'idempotency-key': idempotencyKey },
              claims: staffClaims,
              body: { amount, currency: 'USD', reason: 'Paid too much' },
            }),
          amountMicros: () => -amountMicros,
          refusals: { more_than_unspent: () => lots.wasBelow(entrySequence, amountMicros) },
          transactionOf: (body) => body.transaction as number,
        }),
    )
    return send(world, request)
  },
}

/** A refund reaches its card or does not, or somebody makes one at the provider. */
export const refundNews: CallKind<{ place: number; what: 'arrives' | 'fails' | 'by_hand'; cents: number }> = {
  choices: fc.record({
    place: fc.nat(20),
    what: fc.constantFrom('arrives', 'arrives', 'fails', 'by_hand'),
    cents: fc.integer({ min: 1, max: 2000 }),
  }),
  prepare(world, { place, what, cents }) {
    const { provider, nowMilliseconds } = world
    const { refunds, intents } = provider
    return notifyFirst(world, () => {
      const refund = refunds[place % Math.max(1, refunds.length)]
      const intent = intents[place % Math.max(1, intents.length)]
      if (what !== 'by_hand' && refund) decideRefund(provider, refund, what === 'arrives', nowMilliseconds)
      else if (intent) refundByHand(provider, intent, cents, nowMilliseconds)
    })
  },
}
