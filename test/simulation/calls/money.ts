import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import { microsOf as microsOfText } from '../month-books.ts'
import { PAYMENT_KINDS } from '../payment-kinds.ts'
import { Request, readAnswer } from '../request.ts'
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

/** Somebody looks at a balance, with all that lies ahead of it: whatever there is can be shown. */
export const readBalance: CallKind<{ account: number }> = {
  choices: fc.record({ account: ofAccount }),
  prepare(world, { account }) {
    const { books } = world.anyAccount(account)
    const label = `balance of ${books.name}`
    return {
      label,
      handler: 'statements/statements',
      event: () =>
        eventOf({
          route: 'GET /v1/accounts/{accountId}/balance',
          path: { accountId: books.accountId },
          claims: staffClaims,
        }),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        if (answer.kind === 'unknown') return undefined
        const { available } = answer.body as { available?: { amount: string } }
        return () => {
          require(available !== undefined, () => `${label}: is refused`)
          // What has expired is shown no more, though the line that takes it is still to come.
          const isPossible = books.recentAvailableMicros.some(
            (most) => microsOfText(available!.amount) <= most,
          )
          require(isPossible, () => `${label}: shows ${available!.amount}`)
        }
      },
    }
  },
}

/** Staff raise a balance. */
export const credit: CallKind<{ account: number; cents: number; kind: string; days?: number }> = {
  choices: fc.record({
    account: ofAccount,
    // Now and then enough for some months of a plan.
    cents: fc.oneof(
      { weight: 3, arbitrary: cents },
      { weight: 1, arbitrary: fc.integer({ min: 2000, max: 9000 }) },
    ),
    kind: fc.constantFrom('goodwill', 'migration', 'correction', 'promotional'),
    // For how many days it may be used; some never expire.
    days: fc.option(fc.nat(12), { nil: undefined }),
  }),
  prepare(world, choice) {
    const { books } = world.anyAccount(choice.account)
    const idempotencyKey = `k${world.requests.size + 1}`
    const request = world.requestOf(books.accountId, `credit:${idempotencyKey}`, () => {
      const lastDay = choice.days === undefined ? undefined : dayAfter(world.nowMilliseconds, choice.days + 1)
      const body = {
        amount: decimal(choice.cents),
        currency: 'USD',
        kind: choice.kind,
        reason: 'Outage',
        lastDay,
      }
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
        // By the time that it is sent again, the last day may be over.
        refusals: {
          request_invalid: () => lastDay !== undefined && lastDay < dayAfter(world.nowMilliseconds, 1),
        },
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
    const entry = books.entries.at(-1 - choice.back)
    if (!entry) return undefined
    const { sequence } = entry
    // What has expired of credit is gone already: only the rest is taken back.
    const unexpiredMicros = (before?: bigint) =>
      entry.amountMicros - books.lots.expiredMicros(sequence, before)
    // Some of it may expire right behind a refusal.
    const mostMicros = unexpiredMicros()
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
          amountMicros: (taken) => {
            require(!isCorrection(entry), () => `${books.name} #${sequence} is a correction and was reversed`)
            return -unexpiredMicros(taken.sequence)
          },
          refusals: {
            insufficient_credit: () => books.wasBelow(mostMicros),
            not_reversible: () => isCorrection(entry) || unexpiredMicros() === 0n,
            already_refunded: () => books.undoneMicros.has(sequence),
            already_reversed: () => books.undoneMicros.has(sequence),
          },
          transactionOf: (reply) => reply.sequence as number,
        }),
    )
    return send(world, request)
  },
}

/** Staff give a part of a charge back. */
export const refund: CallKind<{ account: number; back: number; cents: number }> = {
  choices: fc.record({ account: ofAccount, back: fc.nat(8), cents: fc.integer({ min: 1, max: 500 }) }),
  prepare(world, choice) {
    const { books } = world.account(choice.account)
    const entry = books.entries.at(-1 - choice.back)
    if (!entry) return undefined
    const { sequence } = entry
    const idempotencyKey = `k${world.requests.size + 1}`
    const key = `refund:${sequence}:${idempotencyKey}`
    const amountMicros = microsOf(choice.cents)
    const leftMicros = () => -entry.amountMicros - (books.undoneMicros.get(sequence) ?? 0n)
    const request = world.requestOf(
      books.accountId,
      key,
      () =>
        new Request({
          label: `refund ${decimal(choice.cents)} of ${books.name} #${sequence}`,
          account: books,
          key,
          handler: 'credits/refund-entry',
          event: () =>
            eventOf({
              route: 'POST /v1/accounts/{accountId}/transactions/{sequence}/refunds',
              path: { accountId: books.accountId, sequence: String(sequence) },
              headers: { 'idempotency-key': idempotencyKey },
              claims: staffClaims,
              body: { amount: decimal(choice.cents), currency: 'USD', reason: 'Half of it did not work' },
            }),
          amountMicros: () => amountMicros,
          refusals: {
            not_refundable: () => isCorrection(entry) || entry.amountMicros >= 0n,
            already_reversed: () => leftMicros() === 0n,
            more_than_left: () => leftMicros() < amountMicros,
          },
          transactionOf: (reply) => reply.sequence as number,
        }),
    )
    return send(world, request)
  },
}

const isCorrection = ({ kind }: { kind: string }) => STANDING.includes(kind)

/** What stays as it is: corrections, and payments, which are undone at their provider. */
const STANDING = ['reversal', 'refund', 'expiry', 'plan_credit', ...PAYMENT_KINDS]

/** So many days after today, in UTC: far enough behind every account's own. */
function dayAfter(milliseconds: number, days: number): string {
  return new Date(milliseconds + days * 86_400_000).toISOString().slice(0, 10)
}
