import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import { Request } from '../request.ts'
import { require } from '../require.ts'
import { type CallKind, CENTS, decimal, microsOf, send, staffClaims } from './call.ts'

const ofAccount = fc.nat(7)
const cents = fc.integer(CENTS)

/** Staff take an amount at once. */
export const charge: CallKind<{ account: number; cents: number }> = {
  choices: fc.record({ account: ofAccount, cents }),
  prepare(world, choice) {
    const { books } = world.account(choice.account)
    const idempotencyKey = `k${world.requests.size + 1}`
    const request = world.requestOf(books.accountId, `charge:${idempotencyKey}`, () => {
      const amountMicros = microsOf(choice.cents)
      return new Request({
        label: `charge ${decimal(choice.cents)} to ${books.name}`,
        account: books,
        key: `charge:${idempotencyKey}`,
        handler: 'charges/charge-now',
        event: () =>
          eventOf({
            route: 'POST /v1/accounts/{accountId}/charges',
            path: { accountId: books.accountId },
            headers: { 'idempotency-key': idempotencyKey },
            claims: staffClaims,
            body: { amount: decimal(choice.cents), currency: 'USD', description: 'Set-up' },
          }),
        amountMicros: () => -amountMicros,
        refusals: { insufficient_credit: () => books.wasBelow(amountMicros) },
        transactionOf: (body) => body.transaction as number,
      })
    })
    return send(world, request)
  },
}

/** Staff raise a balance. */
export const credit: CallKind<{ account: number; cents: number; kind: string }> = {
  choices: fc.record({
    account: ofAccount,
    cents,
    kind: fc.constantFrom('goodwill', 'migration', 'correction'),
  }),
  prepare(world, choice) {
    const { books } = world.account(choice.account)
    const idempotencyKey = `k${world.requests.size + 1}`
    const request = world.requestOf(books.accountId, `credit:${idempotencyKey}`, () => {
      const body = { amount: decimal(choice.cents), currency: 'USD', kind: choice.kind, reason: 'Outage' }
      return new Request({
        label: `credit ${body.amount} to ${books.name}`,
        account: books,
        key: `credit:${idempotencyKey}`,
        handler: 'credits/give-credit',
        event: () =>
          eventOf({
            route: 'POST /v1/accounts/{accountId}/credits',
            path: { accountId: books.accountId },
            headers: { 'idempotency-key': idempotencyKey },
            claims: staffClaims,
            body,
          }),
        amountMicros: () => microsOf(choice.cents),
        refusals: {},
        transactionOf: (reply) => reply.sequence as number,
      })
    })
    return send(world, request)
  },
}

/** Staff undo an entry; whoever asks for the same one again is answered with the same reversal. */
export const reversal: CallKind<{ account: number; back: number }> = {
  choices: fc.record({ account: ofAccount, back: fc.nat(8) }),
  prepare(world, choice) {
    const { books } = world.account(choice.account)
    const sequence = books.entries.length - choice.back
    if (sequence < 1) return undefined
    const entry = books.entries[sequence - 1]!
    const isCorrection = ['reversal', 'refund', 'expiry'].includes(entry.kind)
    const request = world.requestOf(
      books.accountId,
      `reverse:${sequence}`,
      () =>
        new Request({
          label: `reverse ${books.name} #${sequence}`,
          account: books,
          key: `reverse:${sequence}`,
          handler: 'credits/reverse-entry',
          event: () =>
            eventOf({
              route: 'POST /v1/accounts/{accountId}/transactions/{sequence}/reversals',
              path: { accountId: books.accountId, sequence: String(sequence) },
              headers: { 'idempotency-key': `r${world.sent.length}` },
              claims: staffClaims,
              body: { reason: 'A mistake' },
            }),
          amountMicros: () => {
            require(!isCorrection, () => `${books.name} #${sequence} is a correction and was reversed`)
            return -entry.amountMicros
          },
          refusals: {
            insufficient_credit: () => books.wasBelow(entry.amountMicros),
            not_reversible: () => isCorrection || entry.amountMicros === 0n,
          },
          transactionOf: (reply) => reply.sequence as number,
        }),
    )
    return send(world, request)
  },
}
