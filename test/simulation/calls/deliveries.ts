import fc from 'fast-check'
import type { InvocationSpec, Outcome } from '../invocation.ts'
import type { Outbox } from '../outbox.ts'
import { type Message, type SimulatedQueue, sqsEvent } from '../queues.ts'
import { require } from '../require.ts'
import type { HandlerName } from '../workers.ts'
import type { SimulatedAccount, World } from '../world.ts'
import type { CallKind } from './call.ts'
import { notify } from './notices.ts'

const LARGEST_BATCH = 10
const WEEK_MILLISECONDS = 7 * 86_400_000

/** A queue hands a batch to its function. */
const deliveryFrom = (
  queueOf: (world: World) => SimulatedQueue,
  handler: HandlerName,
): CallKind<{ most: number }> => ({
  choices: fc.record({ most: fc.integer({ min: 1, max: LARGEST_BATCH }) }),
  prepare(world, { most }) {
    const queue = queueOf(world)
    const isShuffled = world.machine.isEnabled('reorder')
    const messages = queue.take(most, world.nowMilliseconds, world.machine.random, isShuffled)
    if (messages.length === 0) return undefined
    return deliver(handler, messages, queue.name, (failedIds) =>
      queue.finish(messages, failedIds, world.nowMilliseconds),
    )
  },
})

export const usageDelivery = deliveryFrom((world) => world.usageQueue, 'usage/deduct-usage')
export const chargeDelivery = deliveryFrom((world) => world.chargeQueue, 'plans/charge-month')
export const segmentDelivery = deliveryFrom((world) => world.segmentQueue, 'runs/charge-segment')
export const timerDelivery = deliveryFrom((world) => world.timerQueue, 'holds/expire-hold')
export const watchDelivery = deliveryFrom((world) => world.watchQueue, 'lots/watch-lots')
export const checkDelivery = deliveryFrom((world) => world.checkQueue, 'auto-top-up/check-auto-top-up')
export const expiryDelivery = deliveryFrom((world) => world.expiryQueue, 'lots/expire-lots')

function deliver(
  handler: HandlerName,
  messages: readonly Message[],
  what: string,
  finish: (failedIds: ReadonlySet<string>) => void,
): InvocationSpec {
  const label = `deliver ${messages.map(({ id }) => id).join(', ')}`
  return {
    label,
    handler,
    twin: () => deliver(handler, messages, what, () => undefined),
    event: () => sqsEvent(messages),
    end: (outcome) => {
      const failedIds = failedOf(outcome) ?? messages.map(({ id }) => id)
      finish(new Set(failedIds))
      require(failedIds.length === 0 || outcome.kind === 'lost' || outcome.hadFaults, () =>
        `${label}: ${what} ${failedIds.join(', ')} failed and nothing was wrong`)
      return undefined
    },
  }
}

function failedOf(outcome: Outcome): string[] | undefined {
  if (outcome.kind !== 'answered') return undefined
  const { batchItemFailures } = outcome.value as { batchItemFailures: { itemIdentifier: string }[] }
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

type Followed = { handler: HandlerName; outboxOf: (account: SimulatedAccount) => Outbox }
const ENTRIES: Followed = { handler: 'events/publish-entries', outboxOf: ({ entryOutbox }) => entryOutbox }
const PAYMENTS: Followed = {
  handler: 'top-up/publish-payments',
  outboxOf: ({ paymentOutbox }) => paymentOutbox,
}

/** The stream of a table hands on what is new of an account, in its order. */
const streamOf = ({ handler, outboxOf }: Followed): CallKind<{ account: number; most: number }> => ({
  choices: fc.record({ account: fc.nat(7), most: fc.integer({ min: 1, max: 100 }) }),
  prepare(world, { account, most }) {
    const outbox = outboxOf(world.anyAccount(account))
    const { changes, toldCount } = outbox
    return changes.length === toldCount
      ? undefined
      : tell(handler, outbox, toldCount, Math.min(changes.length, toldCount + most))
  },
})

export const entryDelivery = streamOf(ENTRIES)
export const paymentDelivery = streamOf(PAYMENTS)

function tell(handler: HandlerName, outbox: Outbox, from: number, to: number): InvocationSpec {
  const label = `stream ${outbox.name} ${from + 1} to ${to}`
  return {
    label,
    handler,
    twin: () => tell(handler, outbox, from, to),
    event: () => ({ Records: outbox.records(from, to) }),
    end: (outcome) => {
      const [failed] = failedOf(outcome) ?? [String(from)]
      require(failed === undefined || outcome.kind === 'lost' || outcome.hadFaults, () =>
        `${label}: #${Number(failed) + 1} failed and nothing was wrong`)
      outbox.toldCount = Math.max(outbox.toldCount, failed === undefined ? to : Number(failed))
      return undefined
    },
  }
}

/** A caller sends something again that was sent before: soon after, or weeks later. */
export const repeat: CallKind<{ back: number }> = {
  choices: fc.record({ back: fc.nat(60) }),
  prepare(world, { back }) {
    if (world.sent.length === 0) return undefined
    const { at, again } = world.sent[world.sent.length - 1 - (back % world.sent.length)]!
    if (world.nowMilliseconds - at >= WEEK_MILLISECONDS) {
      if (!world.machine.isEnabled('late_redelivery')) return undefined
      world.machine.count('late_redelivery')
    }
    return again()
  },
}

/** What was delivered and done a week ago or longer comes once more. */
export const lateRedelivery: CallKind<{ what: number; back: number }> = {
  choices: fc.record({ what: fc.nat(9), back: fc.nat(40) }),
  prepare(world, { what, back }) {
    if (!world.machine.isEnabled('late_redelivery')) return undefined
    const before = world.nowMilliseconds - WEEK_MILLISECONDS
    const spec = [
      () => fromDone(world.usageQueue, 'usage/deduct-usage', before, back),
      () => fromDone(world.chargeQueue, 'plans/charge-month', before, back),
      () => {
        const { all } = world.provider.notices
        const old = all.filter(({ wasTaken, takenAt }) => wasTaken && takenAt <= before)
        return old.length === 0 ? undefined : notify(world, old[back % old.length]!)
      },
      () => oldOf(world.anyAccount(back), ENTRIES, back),
      () => oldOf(world.anyAccount(back), PAYMENTS, back),
      () => fromDone(world.timerQueue, 'holds/expire-hold', before, back),
      () => fromDone(world.watchQueue, 'lots/watch-lots', before, back),
      () => fromDone(world.expiryQueue, 'lots/expire-lots', before, back),
      () => fromDone(world.checkQueue, 'auto-top-up/check-auto-top-up', before, back),
      () => fromDone(world.segmentQueue, 'runs/charge-segment', before, back),
    ][what]!()
    if (spec) world.machine.count('late_redelivery')
    return spec
  },
}

function oldOf(account: SimulatedAccount, { handler, outboxOf }: Followed, back: number) {
  const outbox = outboxOf(account)
  const { toldCount } = outbox
  return toldCount === 0 ? undefined : tell(handler, outbox, Math.max(0, toldCount - 1 - back), toldCount)
}

function fromDone(
  queue: SimulatedQueue,
  handler: HandlerName,
  before: number,
  back: number,
): InvocationSpec | undefined {
  const old = queue.done.filter(({ at }) => at <= before)
  if (old.length === 0) return undefined
  const { message } = old[back % old.length]!
  return deliver(handler, [message], `old ${queue.name}`, () => undefined)
}
