import fc from 'fast-check'
import { moveDispute, openDispute } from '../provider/outside.ts'
import type { CallKind } from './call.ts'
import { notifyFirst } from './notices.ts'

/** A payer's bank asks about a payment or wants it back, or what became of such a dispute is decided. */
export const dispute: CallKind<{ place: number; isNew: boolean; isGood: boolean }> = {
  choices: fc.record({ place: fc.nat(20), isNew: fc.boolean(), isGood: fc.boolean() }),
  prepare(world, { place, isNew, isGood }) {
    const { provider, nowMilliseconds } = world
    const { disputes, intents } = provider
    return notifyFirst(world, () => {
      if (isNew || disputes.length === 0) {
        const intent = intents[place % Math.max(1, intents.length)]
        if (intent) openDispute(provider, intent, isGood, nowMilliseconds)
      } else moveDispute(provider, disputes[place % disputes.length]!, isGood, nowMilliseconds)
    })
  },
}
