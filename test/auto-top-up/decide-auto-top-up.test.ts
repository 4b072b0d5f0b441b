import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AutoTopUp } from '../../functions/auto-top-up/auto-top-up.ts'
import {
  type AutoTopUpSeen,
  decideAutoTopUp,
  wantedMicros,
} from '../../functions/auto-top-up/decide-auto-top-up.ts'
import { refuseTopUpAmount, topUpLimits } from '../../functions/top-up/top-up-amount.ts'
import { cardNamed, documentWith } from './documents.ts'

const UNIT = 1_000_000n
const now = '2026-11-23T12:00:00.000Z'
const seenWith = (document: Partial<AutoTopUp> = {}, more: Partial<AutoTopUpSeen> = {}): AutoTopUpSeen => ({
  document: documentWith(document),
  now,
  head: { status: 'open', availableMicros: 5n * UNIT, receivableMicros: 0n },
  shortfallMicros: 0n,
  pendingMicros: 0n,
  isTermsAccepted: true,
  card: cardNamed('pm_default'),
  ...more,
})

const micros = (most: bigint) => fc.bigInt({ min: 0n, max: most })
const mostly = fc.constantFrom(true, true, true, true, false)
const seen = fc
  .record({
    currency: fc.constantFrom('USD', 'JPY', 'KWD', 'EUR'),
    hasTarget: fc.boolean(),
    threshold: micros(200n * UNIT),
    above: fc.bigInt({ min: 1n, max: 200n * UNIT }),
    amount: micros(300n * UNIT),
    cap: fc.oneof(micros(300n * UNIT), fc.constant(40_000n * UNIT)),
    charged: micros(300n * UNIT),
    available: micros(500n * UNIT),
    receivable: micros(50n * UNIT),
    pending: micros(300n * UNIT),
    shortfall: fc.oneof(fc.constant(0n), micros(30_000n * UNIT)),
    status: fc.constantFrom('on' as const, 'on' as const, 'on' as const, 'off' as const, 'paused' as const),
    head: fc.constantFrom(
      'open' as const,
      'open' as const,
      'open' as const,
      'parked' as const,
      'closed' as const,
    ),
    isInFlight: mostly.map((isFree) => !isFree),
    minutesAgo: fc.option(fc.integer({ min: -20, max: 40 }), { nil: undefined }),
    isTermsAccepted: mostly,
    hasCard: mostly,
    isCooldownWaived: fc.boolean(),
  })
  .map((given): AutoTopUpSeen => {
    const lastAttemptAt =
      given.minutesAgo === undefined
        ? undefined
        : new Date(Date.parse(now) - given.minutesAgo * 60_000).toISOString()
    const document = documentWith({
      currency: given.currency,
      status: given.status,
      thresholdMicros: given.threshold,
      targetMicros: given.hasTarget ? given.threshold + given.above : undefined,
      amountMicros: given.hasTarget ? undefined : given.amount,
      monthlyCapMicros: given.cap,
      chargedMicros: given.charged,
      inFlight: given.isInFlight ? { topUpId: 'top_1', role: 'default' } : undefined,
      lastAttemptAt,
    })
    return {
      document,
      now,
      head: { status: given.head, availableMicros: given.available, receivableMicros: given.receivable },
      shortfallMicros: given.shortfall,
      pendingMicros: given.pending,
      isTermsAccepted: given.isTermsAccepted,
      card: given.hasCard ? cardNamed('pm_default') : undefined,
      isCooldownWaived: given.isCooldownWaived,
    }
  })

describe('whether a card is charged automatically', () => {
  it('is never so above the cap, never twice at once, never where enough is there, and always by what a card can pay', () => {
    let charges = 0
    fc.assert(
      fc.property(seen, (given) => {
        const decision = decideAutoTopUp(given)
        if (decision.kind !== 'charge') return
        charges += 1
        const { document, head } = given
        const { amountMicros } = decision
        expect(document.chargedMicros + amountMicros).toBeLessThanOrEqual(document.monthlyCapMicros)
        expect(document.inFlight).toBeUndefined()
        expect(document.status).toBe('on')
        expect(head.status).toBe('open')
        expect(given.isTermsAccepted && given.card !== undefined).toBe(true)
        expect(refuseTopUpAmount(amountMicros, document.currency)).toBeUndefined()
        const expected = head.availableMicros + given.pendingMicros - head.receivableMicros
        const isEnough = expected >= document.thresholdMicros && given.shortfallMicros === 0n
        expect(isEnough).toBe(false)
      }),
      { numRuns: 5000 },
    )
    expect(charges).toBeGreaterThan(100)
  })

  it('closes the gap by one charge, with less than a coin or the least charge to spare', () => {
    fc.assert(
      fc.property(seen, (given) => {
        const decision = decideAutoTopUp(given)
        if (decision.kind !== 'charge') return
        const wanted = wantedMicros(given)
        const { minimumMicros, maximumMicros } = topUpLimits(given.document.currency)
        const { amountMicros } = decision
        if (amountMicros < maximumMicros) expect(amountMicros).toBeGreaterThanOrEqual(wanted)
        if (amountMicros > minimumMicros) expect(amountMicros - wanted).toBeLessThan(UNIT)
      }),
      { numRuns: 2000 },
    )
  })

  it('tops up to the target what is below the threshold, and leaves alone what stands on it', () => {
    expect(decideAutoTopUp(seenWith())).toMatchObject({ kind: 'charge', amountMicros: 45n * UNIT })
    const on = { status: 'open' as const, availableMicros: 20n * UNIT, receivableMicros: 0n }
    expect(decideAutoTopUp(seenWith({}, { head: on }))).toEqual({ kind: 'nothing', why: 'covered' })
  })

  it('rounds up to a coin what a card cannot pay to the micro', () => {
    const head = { status: 'open' as const, availableMicros: 1n, receivableMicros: 0n }
    expect(decideAutoTopUp(seenWith({}, { head }))).toMatchObject({ amountMicros: 50n * UNIT })
  })

  it('charges the fixed amount, or what a month of the plan lacks where that is more', () => {
    const fixed = { targetMicros: undefined, amountMicros: 30n * UNIT }
    expect(decideAutoTopUp(seenWith(fixed))).toMatchObject({ amountMicros: 30n * UNIT })
    expect(decideAutoTopUp(seenWith(fixed, { shortfallMicros: 80n * UNIT }))).toMatchObject({
      amountMicros: 80n * UNIT,
    })
    expect(decideAutoTopUp(seenWith(fixed, { shortfallMicros: 8n * UNIT }))).toMatchObject({
      amountMicros: 30n * UNIT,
    })
  })

  it('covers a month of the plan also where credit is above the threshold', () => {
    const head = { status: 'open' as const, availableMicros: 100n * UNIT, receivableMicros: 0n }
    expect(decideAutoTopUp(seenWith({}, { head, shortfallMicros: 7_000_001n }))).toMatchObject({
      amountMicros: 7_010_000n,
    })
  })

  it('counts what people are paying as if it were there, and what they owe as missing', () => {
    expect(decideAutoTopUp(seenWith({}, { pendingMicros: 15n * UNIT }))).toMatchObject({ why: 'covered' })
    expect(decideAutoTopUp(seenWith({}, { pendingMicros: 10n * UNIT }))).toMatchObject({
      amountMicros: 35n * UNIT,
    })
    const head = { status: 'open' as const, availableMicros: 0n, receivableMicros: 4n * UNIT }
    expect(decideAutoTopUp(seenWith({}, { head }))).toMatchObject({ amountMicros: 54n * UNIT })
  })

  it('holds back what would go above the cap, to the micro', () => {
    expect(decideAutoTopUp(seenWith({ chargedMicros: 155n * UNIT }))).toMatchObject({ kind: 'charge' })
    expect(decideAutoTopUp(seenWith({ chargedMicros: 155n * UNIT + 1n }))).toEqual({
      kind: 'hold_back',
      amountMicros: 45n * UNIT,
    })
  })

  it('waits for the cooldown, unless the client has just agreed', () => {
    const document = { lastAttemptAt: '2026-11-23T11:50:00.000Z' }
    const until = '2026-11-23T12:05:00.000Z'
    expect(decideAutoTopUp(seenWith(document))).toEqual({ kind: 'wait', until })
    expect(decideAutoTopUp(seenWith(document, { now: until }))).toMatchObject({ kind: 'charge' })
    expect(decideAutoTopUp(seenWith(document, { isCooldownWaived: true }))).toMatchObject({ kind: 'charge' })
  })

  it.each([
    ['not_on', { status: 'paused' as const }, {}],
    ['in_flight', { inFlight: { topUpId: 'top_1', role: 'default' as const } }, {}],
    ['terms_required', {}, { isTermsAccepted: false }],
    ['no_card', {}, { card: undefined }],
    [
      'account_not_open',
      {},
      { head: { status: 'parked' as const, availableMicros: 0n, receivableMicros: 0n } },
    ],
  ])('charges nothing: %s', (why, document, more) => {
    expect(decideAutoTopUp(seenWith(document, more))).toEqual({ kind: 'nothing', why })
  })
})
