import { describe, expect, it } from 'vitest'
import {
  AUTO_TOP_UP_STATUSES,
  AUTO_TOP_UP_TRANSITIONS,
  type AutoTopUp,
} from '../../functions/auto-top-up/auto-top-up.ts'
import { eventsOfAutoTopUp } from '../../functions/auto-top-up/events-of-auto-top-up.ts'
import { eventDetails } from '../../functions/events/event.ts'
import { documentWith } from './documents.ts'

const UNIT = 1_000_000n
const failure = {
  lastFailure: {
    reason: 'declined' as const,
    at: '2026-11-23T12:00:00.000Z',
    topUpId: 'top_1',
    amountMicros: 45n * UNIT,
  },
}
const namesOf = (before: AutoTopUp | undefined, after: AutoTopUp) =>
  eventsOfAutoTopUp(before, after).map(({ detailType, detail }) => {
    expect(eventDetails[detailType].safeParse(detail).error).toBeUndefined()
    return detailType
  })

describe('events of automatic top-up', () => {
  it('tell each transition that there is, and nothing of a document whose status stays', () => {
    const told = Object.entries(AUTO_TOP_UP_TRANSITIONS).flatMap(([from, to]) =>
      to.map((status) => {
        const before = documentWith({ status: from as AutoTopUp['status'], ...failure })
        return `${from} ${status}: ${namesOf(before, documentWith({ status, ...failure })).join()}`
      }),
    )
    expect(told).toEqual([
      'off on: auto_top_up.switched_on',
      'on off: auto_top_up.switched_off',
      'on paused: auto_top_up.paused',
      'on disabled: auto_top_up.disabled',
      'paused on: auto_top_up.resumed',
      'paused off: auto_top_up.switched_off',
      'disabled on: auto_top_up.resumed',
      'disabled off: auto_top_up.switched_off',
    ])
    expect(namesOf(undefined, documentWith())).toEqual(['auto_top_up.switched_on'])
    for (const status of AUTO_TOP_UP_STATUSES) {
      expect(namesOf(documentWith({ status }), documentWith({ status, revision: 2n }))).toEqual([])
    }
  })

  it('tell each part of the cap once a month, and in the next month again', () => {
    const at = (toldPercent: AutoTopUp['toldPercent'], more: Partial<AutoTopUp> = {}) =>
      documentWith({ toldPercent, chargedMicros: 160n * UNIT, ...more })
    const percents = (before: AutoTopUp, after: AutoTopUp) =>
      eventsOfAutoTopUp(before, after).map(({ detail }) => ('percent' in detail ? detail.percent : undefined))
    expect(percents(at(0), at(80))).toEqual([80])
    expect(percents(at(80), at(80))).toEqual([])
    expect(percents(at(80), at(100))).toEqual([100])
    expect(percents(at(100), at(0, { month: '2026-12' }))).toEqual([])
    expect(percents(at(100), at(80, { month: '2026-12' }))).toEqual([80])
  })

  it('name the charge that was held back', () => {
    const [event] = eventsOfAutoTopUp(
      documentWith(),
      documentWith({ toldPercent: 100, heldBackMicros: 45n * UNIT }),
    )
    expect(event!.detail).toMatchObject({ heldBack: { amount: '45.00' }, percent: 100 })
  })
})
