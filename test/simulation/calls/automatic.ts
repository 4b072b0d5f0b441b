import fc from 'fast-check'
import { eventOf, personClaims } from '../../support/request.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import { type CallKind, decimal, sendAgain } from './call.ts'

const ROUTE = '/v1/accounts/{accountId}/auto-top-up'
const REFUSALS = [
  'no_saved_card',
  'auto_top_up_disabled',
  'immediate_charge_unconfirmed',
  'changed_meanwhile',
]

type Choice = {
  account: number
  isOn: boolean
  isTarget: boolean
  cents: number
  charges: number
  isConfirmed: boolean
}

/** The owner agrees to automatic top-ups, or switches them off. */
export const autoTopUp: CallKind<Choice> = {
  choices: fc.record({
    account: fc.nat(7),
    isOn: fc.constantFrom(true, true, true, false),
    isTarget: fc.boolean(),
    cents: fc.integer({ min: 600, max: 2000 }),
    /** How many of them the cap allows in a month. */
    charges: fc.integer({ min: 1, max: 3 }),
    isConfirmed: fc.constantFrom(true, true, false),
  }),
  prepare(world, { account, isOn, isTarget, cents, charges, isConfirmed }) {
    const { accountId, name } = world.account(account).books
    const label = `automatic top-up of ${name} ${isOn ? `by ${decimal(cents)}` : 'off'}`
    const target = { [isTarget ? 'target' : 'amount']: decimal(cents) }
    const body = {
      currency: 'USD',
      threshold: '5.00',
      ...target,
      monthlyCap: decimal(cents * charges),
      consent: true,
      confirmImmediateCharge: isConfirmed,
    }
    const request = { path: { accountId }, claims: personClaims(world.ownerOf(account)) }
    return sendAgain(world, () => ({
      label,
      handler: 'auto-top-up/auto-top-up',
      event: () =>
        eventOf(
          isOn ? { ...request, route: `PUT ${ROUTE}`, body } : { ...request, route: `DELETE ${ROUTE}` },
        ),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        require(answer.kind !== 'refused' || REFUSALS.includes(answer.code), () =>
          `${label}: ${JSON.stringify(answer)}`)
        return undefined
      },
    }))
  },
}
