import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { InvocationSpec } from '../invocation.ts'
import { microsOf } from '../month-books.ts'
import type { PlanWish } from '../plan-documents.ts'
import { FIRST_FEES, PLAN, type PlanFees, SERVICES } from '../plan-price-books.ts'
import { Request, readAnswer } from '../request.ts'
import { require } from '../require.ts'
import type { World } from '../world.ts'
import { type CallKind, send, sendAgain, staffClaims } from './call.ts'

const quantities = fc.record({ seat: fc.nat(4), number: fc.nat(3) })
const wish: fc.Arbitrary<PlanWish> = fc.option(quantities, { nil: null, freq: 6 })
/** Dearer than anything that anybody may want of it for a month. */
const DEAREST_MICROS = 60_000_000n

const choiceOf = (wanted: PlanWish) => ({
  planId: wanted && PLAN.id,
  services: wanted ? SERVICES.map((service) => ({ service, quantity: wanted[service] })) : [],
})
const nameOf = (wanted: PlanWish) => (wanted ? `${wanted.seat} seats, ${wanted.number} numbers` : 'no plan')

/** Somebody chooses so much of the plan, from the next month on. */
export const choosePlan: CallKind<{ account: number; wanted: { seat: number; number: number } }> = {
  choices: fc.record({ account: fc.nat(7), wanted: quantities }),
  prepare(world, { account, wanted }) {
    const { books, plan } = world.anyAccount(account)
    const label = `choose ${nameOf(wanted)} for ${books.name}`
    const attempt = (): InvocationSpec => ({
      label,
      handler: 'plans/plans',
      event: () => {
        plan.choose(wanted, world.nowMilliseconds)
        return eventOf({
          route: 'PUT /v1/accounts/{accountId}/plan',
          path: { accountId: books.accountId },
          claims: staffClaims,
          body: choiceOf(wanted),
        })
      },
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        if (answer.kind === 'unknown') return undefined
        require(answer.kind === 'done', () => `${label}: is refused`)
        plan.confirm(world.nowMilliseconds)
        return undefined
      },
    })
    return sendAgain(world, attempt)
  },
}

/** Somebody changes the plan at once: this month is charged, or given back, by day. */
export const changePlan: CallKind<{ account: number; wanted: PlanWish }> = {
  choices: fc.record({ account: fc.nat(7), wanted: wish }),
  prepare(world, { account, wanted }) {
    const { books, plan } = world.anyAccount(account)
    const idempotencyKey = `k${world.requests.size + 1}`
    const key = `plan-change:${idempotencyKey}`
    const request = world.requestOf(
      books.accountId,
      key,
      () =>
        new Request({
          label: `change to ${nameOf(wanted)} for ${books.name}`,
          account: books,
          key,
          handler: 'plans/change-plan',
          event: () => {
            plan.ask(key, wanted, world.nowMilliseconds)
            return eventOf({
              route: 'POST /v1/accounts/{accountId}/plan-changes',
              path: { accountId: books.accountId },
              headers: { 'idempotency-key': idempotencyKey },
              claims: staffClaims,
              body: choiceOf(wanted),
            })
          },
          // What it comes to is held to the books of the plan.
          amountMicros: ({ amountMicros }) => amountMicros,
          refusals: {
            insufficient_credit: () => books.wasBelow(DEAREST_MICROS),
            plan_owed: () => plan.wasOwing,
            account_parked: () => plan.wasParked,
            // There may be no plan to end.
            request_invalid: () => wanted === null,
          },
          transactionOf: (body) => body.sequence as number,
        }),
    )
    return send(world, request)
  },
}

/** Somebody asks what a change would cost; it changes nothing, and says what the change would. */
export const previewPlanChange: CallKind<{ account: number; wanted: PlanWish }> = {
  choices: fc.record({ account: fc.nat(7), wanted: wish }),
  prepare(world, { account, wanted }) {
    const { books, plan } = world.anyAccount(account)
    const label = `preview ${nameOf(wanted)} for ${books.name}`
    return {
      label,
      handler: 'plans/change-plan',
      event: () =>
        eventOf({
          route: 'POST /v1/accounts/{accountId}/plan-changes/preview',
          path: { accountId: books.accountId },
          claims: staffClaims,
          body: choiceOf(wanted),
        }),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        if (answer.kind === 'unknown') return undefined
        if (answer.kind === 'refused') {
          const isJust = () => {
            if (answer.code === 'plan_owed') return plan.wasOwing
            if (answer.code === 'account_parked') return plan.wasParked
            return wanted === null
          }
          return () => require(isJust(), () => `${label}: is refused with ${answer.code}: ${answer.detail}`)
        }
        const { total, charged, givenBack } = answer.body as Record<string, { amount: string }>
        const { nowMilliseconds } = world
        return () => {
          // What changed beside it may have come before it or after it.
          const foreseen =
            plan.hasMoved || books.recentAvailableMicros.length > 1
              ? undefined
              : plan.foresee(wanted, nowMilliseconds)
          if (!foreseen) return
          const said = [microsOf(total!.amount), microsOf(charged!.amount) - microsOf(givenBack!.amount)]
          const expected = [foreseen.totalMicros, foreseen.amountMicros]
          require(said.join() === expected.join(), () =>
            `${label}: says ${said.join(', ')} micros and would be ${expected.join(', ')}`)
        }
      },
    }
  },
}

/** Somebody ranks what is to stop first. */
export const rankServices: CallKind<{ account: number; services: string[] }> = {
  choices: fc.record({
    account: fc.nat(7),
    services: fc.constantFrom([], ['seat'], ['number'], ['seat', 'number'], ['number', 'seat']),
  }),
  prepare(world, { account, services }) {
    const { books } = world.anyAccount(account)
    const label = `rank ${services.join(', ') || 'nothing'} for ${books.name}`
    const route = 'PUT /v1/accounts/{accountId}/plan/stop-order'
    return put(world, books, {
      label,
      handler: 'plans/plans',
      route,
      body: { services },
      mayBe: 'plan_not_found',
    })
  },
}

/** Somebody sets the next charge aside, wholly or as it accrues, or not any more. */
export const setRingFence: CallKind<{ account: number; mode: string }> = {
  choices: fc.record({ account: fc.nat(7), mode: fc.constantFrom('off', 'whole', 'accruing') }),
  prepare(world, { account, mode }) {
    const { books } = world.anyAccount(account)
    const label = `ring-fence of ${books.name} ${mode}`
    const route = 'PUT /v1/accounts/{accountId}/ring-fence'
    const handler = 'ring-fence/ring-fence'
    return put(world, books, { label, handler, route, body: { mode }, mayBe: 'plan_not_found' })
  },
}

/** Staff park the account that has nothing but a plan, or open it again. */
export const parkAccount: CallKind<{ status: string }> = {
  choices: fc.record({ status: fc.constantFrom('parked', 'open', 'open') }),
  prepare: (world, { status }) => putStatus(world, status),
}

export function putStatus(world: World, status: string): InvocationSpec {
  const { books } = world.accounts.at(-1)!
  return put(world, books, {
    label: `status of ${books.name} ${status}`,
    handler: 'accounts/accounts',
    route: 'PUT /v1/accounts/{accountId}/status',
    body: { status, reason: 'A question' },
  })
}

type Put = Pick<InvocationSpec, 'label' | 'handler'> & {
  route: `PUT /${string}`
  body: object
  /** The only refusal that there may be; without it none. */
  mayBe?: string
}

/** Staff put something of an account, under no key. */
function put(
  world: World,
  { accountId }: { accountId: string },
  { label, handler, route, body, mayBe }: Put,
): InvocationSpec {
  return sendAgain(world, () => ({
    ...{ label, handler },
    event: () => eventOf({ route, path: { accountId }, claims: staffClaims, body }),
    end: (outcome) => {
      const answer = readAnswer(label, outcome)
      require(answer.kind !== 'refused' || answer.code === mayBe, () => `${label}: is refused`)
      return undefined
    },
  }))
}

const fees = fc.record({
  baseFee: fc.constantFrom('2.00', '1.50', '2.999999'),
  seat: fc.constantFrom('4.90', '4.75', '5.10'),
  number: fc.constantFrom('1.333333', '0.999999', '1.50'),
})

/** Staff set fees from a day on. Raised ones are refused without the time of notice, and others behind an announced version. */
export const publishPlan: CallKind<{ fees: PlanFees; hoursAhead: number }> = {
  choices: fc.record({
    fees,
    hoursAhead: fc.oneof(fc.integer({ min: 3, max: 200 }), fc.integer({ min: 33 * 24, max: 45 * 24 })),
  }),
  prepare(world, choice) {
    const effectiveFrom = new Date(world.nowMilliseconds + choice.hoursAhead * 3_600_000).toISOString()
    return putPlan(world, choice.fees, effectiveFrom, true)
  },
}

/** Sets the plan's fees as staff do. */
export function putPlan(
  _world: World,
  { baseFee, seat, number }: PlanFees = FIRST_FEES,
  effectiveFrom = '2026-01-01T00:00:00.000Z',
  mayBeRefused = false,
): InvocationSpec {
  const label = `plan at ${baseFee}, ${seat}, ${number} from ${effectiveFrom}`
  const unitFees = { seat, number }
  const services = SERVICES.map((service) => ({ service, name: service, unitFee: unitFees[service] }))
  const body = { name: PLAN.name, clientType: 'hosted', currency: 'USD', effectiveFrom, baseFee, services }
  return {
    label,
    handler: 'plans/plans',
    event: () =>
      eventOf({ route: 'PUT /v1/plans/{planId}', path: { planId: PLAN.id }, claims: staffClaims, body }),
    end: (outcome) => {
      const answer = readAnswer(label, outcome)
      if (answer.kind !== 'refused') return undefined
      require(mayBeRefused && answer.code === 'request_invalid', () =>
        `${label}: is refused: ${answer.detail}`)
      return undefined
    },
  }
}
