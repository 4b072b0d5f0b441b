import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { InvocationSpec } from '../invocation.ts'
import { PLAN } from '../plan-books.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import { type CallKind, sendAgain, staffClaims } from './call.ts'

/** Somebody chooses seats of the plan, from the next month on. */
export const choosePlan: CallKind<{ account: number; seats: number }> = {
  choices: fc.record({ account: fc.nat(7), seats: fc.nat(4) }),
  prepare(world, { account, seats }) {
    const { books, plan } = world.account(account)
    const label = `choose ${seats} seats for ${books.name}`
    const attempt = (): InvocationSpec => ({
      label,
      handler: 'plans/plans',
      event: () => {
        plan.choose(seats, world.nowMilliseconds)
        return eventOf({
          route: 'PUT /v1/accounts/{accountId}/plan',
          path: { accountId: books.accountId },
          claims: staffClaims,
          body: { planId: PLAN.id, services: [{ service: 'seat', quantity: seats }] },
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
