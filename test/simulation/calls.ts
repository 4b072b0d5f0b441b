import fc from 'fast-check'
import { autoTopUp } from './calls/automatic.ts'
import type { CallKind } from './calls/call.ts'
import { cardRefund, refundNews } from './calls/card-refunds.ts'
import { cardChange, cardPage } from './calls/cards.ts'
import {
  chargeDelivery,
  checkDelivery,
  entryDelivery,
  expiryDelivery,
  lateRedelivery,
  paymentDelivery,
  repeat,
  segmentDelivery,
  timerDelivery,
  usageDelivery,
  watchDelivery,
} from './calls/deliveries.ts'
import { dispute } from './calls/disputes.ts'
import { authorise, authoriseCall, capture, extend, release } from './calls/holds.ts'
import { charge, credit, readBalance, refund, reversal } from './calls/money.ts'
import { paymentNotice } from './calls/notices.ts'
import {
  changePlan,
  choosePlan,
  parkAccount,
  previewPlanChange,
  publishPlan,
  rankServices,
  setRingFence,
} from './calls/plans.ts'
import { publishPrice } from './calls/prices.ts'
import { findDue, reconcile, watchCards } from './calls/schedules.ts'
import { bank, payment, topUp } from './calls/top-ups.ts'
import { usage } from './calls/usage.ts'
import type { InvocationSpec } from './invocation.ts'
import type { World } from './world.ts'

const kinds = {
  charge: { weight: 6, kind: charge },
  credit: { weight: 2, kind: credit },
  reversal: { weight: 2, kind: reversal },
  readBalance: { weight: 2, kind: readBalance },
  refund: { weight: 4, kind: refund },
  topUp: { weight: 4, kind: topUp },
  payment: { weight: 6, kind: payment },
  dispute: { weight: 2, kind: dispute },
  cardRefund: { weight: 2, kind: cardRefund },
  refundNews: { weight: 2, kind: refundNews },
  reconcile: { weight: 2, kind: reconcile },
  cardPage: { weight: 2, kind: cardPage },
  cardChange: { weight: 1, kind: cardChange },
  watchCards: { weight: 1, kind: watchCards },
  autoTopUp: { weight: 3, kind: autoTopUp },
  checkDelivery: { weight: 3, kind: checkDelivery },
  bank: { weight: 1, kind: bank },
  paymentNotice: { weight: 5, kind: paymentNotice },
  usage: { weight: 4, kind: usage },
  usageDelivery: { weight: 5, kind: usageDelivery },
  publishPrice: { weight: 2, kind: publishPrice },
  publishPlan: { weight: 1, kind: publishPlan },
  choosePlan: { weight: 1, kind: choosePlan },
  rankServices: { weight: 1, kind: rankServices },
  parkAccount: { weight: 1, kind: parkAccount },
  setRingFence: { weight: 2, kind: setRingFence },
  changePlan: { weight: 4, kind: changePlan },
  previewPlanChange: { weight: 2, kind: previewPlanChange },
  findDue: { weight: 2, kind: findDue },
  chargeDelivery: { weight: 3, kind: chargeDelivery },
  segmentDelivery: { weight: 3, kind: segmentDelivery },
  authorise: { weight: 3, kind: authorise },
  authoriseCall: { weight: 3, kind: authoriseCall },
  extend: { weight: 2, kind: extend },
  capture: { weight: 3, kind: capture },
  release: { weight: 1, kind: release },
  timerDelivery: { weight: 2, kind: timerDelivery },
  watchDelivery: { weight: 1, kind: watchDelivery },
  expiryDelivery: { weight: 1, kind: expiryDelivery },
  entryDelivery: { weight: 3, kind: entryDelivery },
  paymentDelivery: { weight: 1, kind: paymentDelivery },
  repeat: { weight: 5, kind: repeat },
  lateRedelivery: { weight: 2, kind: lateRedelivery },
} satisfies Record<string, { weight: number; kind: object }>

export type Call = { kind: keyof typeof kinds; choice: unknown }

/** Any call of a handler, by what it asks for. */
export const anyCall: fc.Arbitrary<Call> = fc.oneof(
  ...Object.entries(kinds).map(([name, { weight, kind }]) => ({
    weight,
    arbitrary: (kind as unknown as CallKind<unknown>).choices.map((choice) => ({
      kind: name as Call['kind'],
      choice,
    })),
  })),
)

/** What a call comes to in this world; undefined where there is nothing to do. */
export function prepareCall(world: World, { kind, choice }: Call): InvocationSpec | undefined {
  return (kinds[kind].kind as unknown as CallKind<unknown>).prepare(world, choice)
}
