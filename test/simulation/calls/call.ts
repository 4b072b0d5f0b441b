import type fc from 'fast-check'
import type { InvocationSpec } from '../invocation.ts'
import type { Request } from '../request.ts'
import type { World } from '../world.ts'

/** One way to call a handler: by which choices, and what they come to in a world. */
export type CallKind<Choice> = {
  choices: fc.Arbitrary<Choice>
  /** Undefined where there is nothing of the kind to do: no payment is under way, nothing is queued. */
  prepare(world: World, choice: Choice): InvocationSpec | undefined
}

/** An attempt at a request; the caller may send it again at any later time. */
export function send(world: World, request: Request): InvocationSpec {
  return sendAgain(world, () => ({
    label: request.label,
    handler: request.options.handler,
    event: request.options.event,
    end: request.begin(),
  }))
}

/** An attempt of something that a caller may send as often as it likes. */
export function sendAgain(world: World, attempt: () => InvocationSpec): InvocationSpec {
  const again = () => ({ ...attempt(), twin: attempt })
  world.sent.push({ at: world.nowMilliseconds, again })
  return again()
}

export const staffClaims = { sub: 'staff-machine', client_id: 'staff-machine', scope: 'drawdown/staff' }
export const usageClaims = { sub: 'switch', client_id: 'switch', scope: 'drawdown/usage' }

/** Amounts small enough that an account often runs out. */
export const CENTS = { min: 1, max: 1500 }
export const decimal = (cents: number) => (cents / 100).toFixed(2)
export const microsOf = (cents: number) => BigInt(cents) * 10_000n
