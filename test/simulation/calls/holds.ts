import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { SimulatedHold } from '../hold-books.ts'
import type { InvocationSpec, Outcome } from '../invocation.ts'
import { costOfCall } from '../price-books.ts'
import { Request, readAnswer } from '../request.ts'
import { require, units } from '../require.ts'
import type { World } from '../world.ts'
import { type CallKind, CENTS, decimal, microsOf, send, sendAgain, usageClaims } from './call.ts'

/** What one second more costs at most. */
const DEAREST_SECOND_MICROS = 60_000n
/** The first interval of a call is granted whole or not at all. */
const FIRST_SECONDS = 30

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

/** A call begins: credit is set aside for so many seconds, or for as many as it covers. */
export const authoriseCall: CallKind<{
  account: number
  seconds: number
  least: number
  leaseSeconds: number
}> = {
  choices: fc.record({
    account: fc.nat(7),
    seconds: fc.integer({ min: 1, max: 1500 }),
    // In per cent; 0 is for as many as there are.
    least: fc.constantFrom(0, 0, 50, 100),
    leaseSeconds: fc.constantFrom(60, 600, 3600),
  }),
  prepare(world, { account, seconds, least, leaseSeconds }) {
    const { books } = world.account(account)
    const idempotencyKey = `k${world.requests.size + 1}`
    const key = `hold:${idempotencyKey}`
    const session = world.holds.nameSession(books, seconds)
    const atLeast = Math.floor((seconds * least) / 100) || undefined
    const leastMicros = costOfCall(Math.min(seconds, Math.max(FIRST_SECONDS, atLeast ?? 1)))
    const request = world.requestOf(
      books.accountId,
      key,
      () =>
        new Request({
          label: `hold ${seconds} s for ${session} of ${books.name}`,
          account: books,
          key,
          handler: 'holds/authorise-hold',
          event: () =>
            eventOf({
              route: 'POST /v1/accounts/{accountId}/holds',
              path: { accountId: books.accountId },
              headers: { 'idempotency-key': idempotencyKey },
              claims: usageClaims,
              body: { session, service: 'call', seconds, atLeast, leaseSeconds },
            }),
          amountMicros: () => 0n,
          refusals: { insufficient_credit: () => books.wasBelow(leastMicros) },
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
    const { account: books, holdId, use } = hold
    const idempotencyKey = `k${world.requests.size + 1}`
    const key = `extend:${holdId}:${idempotencyKey}`
    const amountMicros = microsOf(cents)
    const [body, reportedMicros] = use
      ? [{ seconds: cents, reported: { seconds: reported } }, costOfCall(reported)]
      : [{ amount: decimal(cents), reported: { amount: decimal(reported) } }, microsOf(reported)]
    const request = world.requestOf(
      books.accountId,
      key,
      () =>
        new Request({
          label: `hold ${use ? `${cents} s` : decimal(cents)} more for ${holdId} of ${books.name}`,
          account: books,
          key,
          handler: 'holds/authorise-hold',
          event: () => {
            hold.reportedMicros.add(reportedMicros)
            use?.asked.add(cents)
            return eventOf({
              route: 'POST /v1/accounts/{accountId}/holds/{holdId}/extend',
              path: { accountId: books.accountId, holdId },
              headers: { 'idempotency-key': idempotencyKey },
              claims: usageClaims,
              body,
            })
          },
          amountMicros: () => 0n,
          ...(use
            ? {
                refusals: endedAs(hold),
                // Then the lease is renewed all the same.
                isNothingLeft: () => books.wasBelow(DEAREST_SECOND_MICROS),
              }
            : {
                heldMicros: () => amountMicros,
                refusals: { insufficient_credit: () => books.wasBelow(amountMicros), ...endedAs(hold) },
              }),
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
    const [micros, body] = partOf(hold, percent)
    const label = `capture ${units(micros)} of ${hold.holdId}`
    return sendAgain(world, () => {
      const heldBefore = hold.heldMicros
      hold.captures.set(micros, (hold.captures.get(micros) ?? 0) + 1)
      const refusals: Refusals = { ...endedAs(hold), more_than_held: () => micros > heldBefore }
      return endingOf(label, hold, {
        route: 'POST /v1/accounts/{accountId}/holds/{holdId}/capture',
        body,
        end: outcomeOf(label, refusals, {
          refused: () => hold.captures.set(micros, hold.captures.get(micros)! - 1),
          isDone: () => hold.end === 'captured' && hold.chargedMicros === micros,
        }),
      })
    })
  },
}

function partOf({ use, heldMicros }: SimulatedHold, percent: number): [bigint, object] {
  if (use) {
    const seconds = Math.floor((use.grantedSeconds * percent) / 100)
    return [costOfCall(seconds), { seconds }]
  }
  const micros = ((heldMicros * BigInt(percent)) / 1_000_000n) * 10_000n
  return [micros, { amount: units(micros) }]
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
        end: outcomeOf(
          label,
          { ...endedAs(hold), hold_has_record: () => hold.use?.hasRecord === true },
          {
            refused: () => {
              hold.releaseCount -= 1
            },
            isDone: () => hold.end === 'released',
          },
        ),
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
