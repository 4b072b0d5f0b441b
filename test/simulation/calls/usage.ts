import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import { noteRecord } from '../hold-books.ts'
import type { InvocationSpec } from '../invocation.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import { SERVICES, type Use } from '../usage-books.ts'
import type { World } from '../world.ts'
import { type CallKind, sendAgain, usageClaims } from './call.ts'

/** A record says this many seconds or a multiple of it. */
const SECONDS = 25

type EventChoice = {
  account: number
  service: string
  quantity: number
  ageSeconds: number
  repeats: number
  isNumbered: boolean
  session: number
}

const eventChoice = fc.record({
  account: fc.nat(7),
  service: fc.constantFrom(...SERVICES),
  quantity: fc.nat(6),
  ageSeconds: fc.nat(3600),
  isNumbered: fc.boolean(),
  // Now and then the record of a session that has a hold.
  session: fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(6) }),
  // Now and then an event that was sent before.
  repeats: fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(30) }),
})

/** Machines send events, with numbers and without, some of them for the second time. */
export const usage: CallKind<EventChoice[]> = {
  choices: fc.array(eventChoice, { minLength: 1, maxLength: 6 }),
  prepare: (world, choices) =>
    sendUses(
      world,
      choices.map((choice) => useOf(world, choice)),
    ),
}

/** Sends events in one request: when it is accepted, each of them has to be decided. */
export function sendUses(world: World, uses: readonly Use[]): InvocationSpec {
  const body = uses.map(cloudEventOf)
  const label = `use of ${uses.map(nameOf).join(', ')}`
  return sendAgain(world, () => ({
    label,
    handler: 'usage/take-usage',
    event: () =>
      eventOf({
        route: 'POST /v1/usage',
        claims: usageClaims,
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body,
      }),
    end: (outcome) => {
      const answer = readAnswer(label, outcome)
      if (answer.kind === 'unknown') return undefined
      const isAccepted = answer.kind === 'done' && answer.body.accepted === uses.length
      require(isAccepted, () => `${label}: is not accepted`)
      for (const use of uses) use.isAccepted = true
      return undefined
    },
  }))
}

const nameOf = ({ id, number, source, account }: Use) =>
  `${id}${number === undefined ? '' : ` (${source} ${number})`} by ${account.name}`

function useOf(world: World, choice: EventChoice): Use {
  const { uses } = world.usage
  if (choice.repeats >= 0 && uses.length > 0) return uses[choice.repeats % uses.length]!
  const hold = choice.session < 0 ? undefined : world.holds.meteredHold(choice.session)
  const books = hold?.account ?? world.account(choice.account).books
  const source = `urn:${choice.isNumbered ? 'exchange' : 'switch'}:${uses.length % 2}`
  const before = uses.filter((use) => use.source === source && use.account === books).length
  const use = {
    source,
    ...(choice.isNumbered && { number: before + 1 }),
    id: `u${uses.length + 1}`,
    account: books,
    service: hold && choice.service !== 'sms' ? 'call' : choice.service,
    quantity: hold && choice.service !== 'sms' ? choice.quantity * SECONDS : choice.quantity,
    ...(hold && { session: hold.use!.session }),
    at: new Date(world.nowMilliseconds - choice.ageSeconds * 1000).toISOString(),
    isAccepted: false,
  }
  world.usage.add(use)
  if (hold && use.service === 'call') noteRecord(hold, use.quantity)
  return use
}

function cloudEventOf({ source, id, number, account, service, quantity, session, at }: Use) {
  const numbering = number === undefined ? {} : { sequence: String(number), sequencetype: 'Integer' }
  const data = { ...(service === 'call' ? { seconds: quantity } : { quantity }), session }
  const identity = { specversion: '1.0', source, id, type: service, subject: account.accountId }
  return { ...identity, ...numbering, time: at, data }
}
