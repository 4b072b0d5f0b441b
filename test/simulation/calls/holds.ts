import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { SimulatedHold } from '../hold-books.ts'
import type { InvocationSpec, Outcome } from '../invocation.ts'
import { Request, readAnswer } from '../request.ts'
import { require, units } from '../require.ts'
import type { World } from '../world.ts'
import { type CallKind, CENTS, decimal, microsOf, send, sendAgain, usageClaims } from './call.ts'

/** A session begins: an amount is set aside for it. */
export const authorise: CallKind<{ account: number; cents: number; leaseSeconds: number }> = {
  choices: fc.record({
    account: fc.nat(7),
    cents: fc.integer(CENTS),
    leaseSeconds: fc.constantFrom(60, 600, 3600),
  }),
  prepare(world, { account, cents, leaseSeconds }) {
    const { books } = world.account(account)
    const idempotencyKey = `k${world.requests.size + 1}`
    const amountMicros = microsOf(cents)
    const request = world.requestOf(
      books.accountId,
      `hold:${idempotencyKey}`,
      () =>
        new Request({
          label: `hold ${decimal(cents)} of ${books.name}`,
          account: books,
          key: `hold:${idempotencyKey}`,
          handler: 'holds/authorise-hold',
          event: () =>
            eventOf({
              route: 'POST /v1/accounts/{accountId}/holds',
              path: { accountId: books.accountId },
              headers: { 'idempotency-key': idempotencyKey },
              claims: usageClaims,
              body: { amount: decimal(cents), currency: 'USD', leaseSeconds },
            }),
          amountMicros: () => 0n,
          heldMicros: () => amountMicros,
          refusals: { insufficient_credit: () => books.wasBelow(amountMicros) },
          transactionOf: (body) => body.transaction as number,
        }),
    )
    return send(world, request)
  },
}

const anyHold = { hold: fc.nat(12) }

/** The newest holds are asked for most. */
function holdOf(world: World, back: number): SimulatedHold | undefined {
  const { holds } = world.holds
  return holds[holds.length - 1 - (back % holds.length)]
}

const endedAs = (hold: SimulatedHold) => ({
  hold_captured: () => hold.end === 'captured',
  hold_released: () => hold.end === 'released',
  hold_expired: () => hold.end === 'expired',
})

/** A session goes on: more is set aside, and what it used so far is reported. */
export const extend: CallKind<{ hold: number; cents: number; reported: number }> = {
  choices: fc.record({ ...anyHold, cents: fc.integer({ min: 1, max: 400 }), reported: fc.nat(300) }),
  prepare(world, { hold: back, cents, reported }) {
    const hold = holdOf(world, back)
    if (!hold) return undefined
    const { account: books, holdId } = hold
    const idempotencyKey = `k${world.requests.size + 1}`
    const key = `extend:${holdId}:${idempotencyKey}`
    const amountMicros = microsOf(cents)
    const request = world.requestOf(
      books.accountId,
      key,
      () =>
        new Request({
          label: `hold ${decimal(cents)} more for ${holdId} of ${books.name}`,
          account: books,
          key,
          handler: 'holds/authorise-hold',
          event: () => {
            hold.reportedMicros.add(microsOf(reported))
            return eventOf({
              route: 'POST /v1/accounts/{accountId}/holds/{holdId}/extend',
              path: { accountId: books.accountId, holdId },
              headers: { 'idempotency-key': idempotencyKey },
              claims: usageClaims,
              body: { amount: decimal(cents), reported: { amount: decimal(reported) } },
            })
          },
          amountMicros: () => 0n,
          heldMicros: () => amountMicros,
          refusals: { insufficient_credit: () => books.wasBelow(amountMicros), ...endedAs(hold) },
          transactionOf: () => undefined,
        }),
    )
    return send(world, request)
  },
}

/** A session ends: a part of what is held is charged, at times more than that. */
export const capture: CallKind<{ hold: number; percent: number }> = {
  choices: fc.record({ ...anyHold, percent: fc.nat(120) }),
  prepare(world, { hold: back, percent }) {
    const hold = holdOf(world, back)
    if (!hold) return undefined
    const micros = ((hold.heldMicros * BigInt(percent)) / 1_000_000n) * 10_000n
    const label = `capture ${units(micros)} of ${hold.holdId}`
    return sendAgain(world, () => {
      const heldBefore = hold.heldMicros
      hold.captures.set(micros, (hold.captures.get(micros) ?? 0) + 1)
      const refusals: Refusals = { ...endedAs(hold), more_than_held: () => micros > heldBefore }
      return endingOf(label, hold, {
        route: 'POST /v1/accounts/{accountId}/holds/{holdId}/capture',
        body: { amount: units(micros) },
        end: outcomeOf(label, refusals, {
          refused: () => hold.captures.set(micros, hold.captures.get(micros)! - 1),
          isDone: () => hold.end === 'captured' && hold.chargedMicros === micros,
        }),
      })
    })
  },
}

/** A session does not take place. */
export const release: CallKind<{ hold: number }> = {
  choices: fc.record(anyHold),
  prepare(world, { hold: back }) {
    const hold = holdOf(world, back)
    if (!hold) return undefined
    const label = `release ${hold.holdId}`
    return sendAgain(world, () => {
      hold.releaseCount += 1
      return endingOf(label, hold, {
        route: 'POST /v1/accounts/{accountId}/holds/{holdId}/release',
        body: undefined,
        end: outcomeOf(label, endedAs(hold), {
          refused: () => {
            hold.releaseCount -= 1
          },
          isDone: () => hold.end === 'released',
        }),
      })
    })
  },
}

type Refusals = Record<string, () => boolean>

function endingOf(
  label: string,
  { account, holdId }: SimulatedHold,
  { route, body, end }: { route: string; body?: object; end: InvocationSpec['end'] },
): InvocationSpec {
  return {
    label,
    handler: 'holds/settle-hold',
    event: () =>
      eventOf({
        route,
        path: { accountId: account.accountId, holdId },
        headers: { 'idempotency-key': 'end' },
        claims: usageClaims,
        body,
      }),
    end,
  }
}

/** What is answered has to be what became of the hold. */
function outcomeOf(
  label: string,
  refusals: Refusals,
  { refused, isDone }: { refused: () => void; isDone: () => boolean },
) {
  return (outcome: Outcome) => {
    const answer = readAnswer(label, outcome)
    if (answer.kind === 'unknown') return undefined
    if (answer.kind === 'done')
      return () => require(isDone(), () => `${label}: is answered as done and is not`)
    refused()
    const isJust = refusals[answer.code]
    require(isJust !== undefined, () => `${label}: is refused with ${answer.code}: ${answer.detail}`)
    return () => require(isJust(), () => `${label}: is refused with ${answer.code} without cause`)
  }
}
