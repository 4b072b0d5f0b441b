import fc from 'fast-check'
import { require } from '../require.ts'
import type { HandlerName } from '../workers.ts'
import type { CallKind } from './call.ts'

/** A schedule fires. */
const schedule = (label: string, handler: HandlerName): CallKind<null> => ({
  choices: fc.constant(null),
  prepare: () => ({
    label,
    handler,
    event: () => ({}),
    end: (outcome) => {
      if (outcome.kind === 'threw') require(outcome.hadFaults, () => `${label}: ${outcome.error}`)
      return undefined
    },
  }),
})

export const findDue = schedule('look for what is due', 'plans/find-due')
export const reconcile = schedule('ask the provider about payments', 'top-up/reconcile-payments')
export const watchCards = schedule('look after cards', 'cards/watch-cards')
