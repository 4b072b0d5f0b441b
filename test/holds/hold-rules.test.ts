import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideAuthorise } from '../../functions/holds/decide-authorise.ts'
import { decideExtend } from '../../functions/holds/decide-extend.ts'
import { authoriseBody } from '../../functions/holds/hold-request.ts'
import { ringAgainForNoHold, timerDelaySeconds } from '../../functions/holds/hold-timer.ts'
import { leastGrant, rateSession } from '../../functions/holds/rate-session.ts'
import { addHeld, endHold, hold, sumOfHeld } from '../../functions/ledger/decide-hold.ts'
import { credit } from '../../functions/ledger/decide-movement.ts'
import { chainEntry, type Entry, genesisHash, type Head } from '../../functions/ledger/entry.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { perDurationSchema } from '../../functions/prices/price.ts'
import { headWith } from '../ledger/head-with.ts'
import { priceOf } from '../usage/priced.ts'

const at = '2026-11-23T12:00:00.000Z'
const cents = (count: number) => `${Math.floor(count / 100)}.${String(count % 100).padStart(2, '0')}`

const durationPrice = fc
  .record({
    per: fc.constantFrom('second' as const, 'minute' as const),
    tiers: fc.array(fc.record({ upTo: fc.integer({ min: 1, max: 200 }), cents: fc.nat(50) }), {
      maxLength: 3,
    }),
    lastCents: fc.integer({ min: 1, max: 50 }),
    firstIntervalSeconds: fc.nat(60),
    incrementSeconds: fc.integer({ min: 1, max: 30 }),
    minimumSeconds: fc.nat(60),
    fee: fc.nat(100),
    freeSeconds: fc.nat(10),
  })
  .map(({ tiers, lastCents, fee, ...rest }) => {
    const ends = [...new Set(tiers.map(({ upTo }) => upTo))].sort((one, other) => one - other)
    return priceOf(
      'call',
      perDurationSchema.parse({
        kind: 'per_duration',
        ...rest,
        connectionFee: cents(fee),
        tiers: [
          ...ends.map((upTo, index) => ({ upTo, rate: cents(tiers[index]!.cents) })),
          { upTo: null, rate: cents(lastCents) },
        ],
      }),
    )
  })

const authorise = (head: Head, price: ReturnType<typeof priceOf>, seconds: number) =>
  decideAuthorise(head, {
    request: authoriseBody.parse({ service: 'call', seconds }),
    holdId: 'hold_1',
    found: { price },
    period: '2026-11',
    at,
    actor: 'machine:test',
    isWhole: false,
  })

describe('a grant', () => {
  it('is the most that credit covers: it is affordable, and one second more is not', () => {
    fc.assert(
      fc.property(
        durationPrice,
        fc.integer({ min: 1, max: 500 }),
        fc.bigInt({ min: 0n, max: 20_000_000n }),
        fc.nat(300),
        (price, asked, availableMicros, counted) => {
          const counters = { call: { period: '2026-11', quantity: BigInt(counted) } }
          const head = { ...headWith({ availableMicros }), counters }
          const decision = authorise(head, price, asked)
          const measure = {
            unit: 'seconds' as const,
            attributes: {},
            price: { price },
            alreadyUsed: BigInt(counted),
          }
          const costOf = (quantity: bigint) => rateSession(measure, quantity).amountMicros
          const least = leastGrant({ price }) < BigInt(asked) ? leastGrant({ price }) : BigInt(asked)
          if (!decision.ok) {
            expect(decision).toMatchObject({
              reason: 'insufficient_credit',
              shortfallMicros: costOf(least) - availableMicros,
            })
            expect(costOf(least) > availableMicros).toBe(true)
            return
          }
          const { use, heldMicros } = decision.hold
          expect(heldMicros).toBe(costOf(use!.granted))
          expect(heldMicros <= availableMicros && use!.granted >= least).toBe(true)
          expect(use!.isFinal).toBe(use!.granted < BigInt(asked))
          if (use!.isFinal) expect(costOf(use!.granted + 1n) > availableMicros).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('costs the same in steps as at once', () => {
    fc.assert(
      fc.property(
        durationPrice,
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 6 }),
        (price, steps) => {
          const rich = headWith({ availableMicros: 10_000_000_000n })
          const [first, ...others] = steps
          const begun = authorise(rich, price, first!)
          if (!begun.ok) throw new Error(begun.reason)
          let { hold: held } = begun
          let head = chainEntry(rich, begun.draft, 'k', at).next
          for (const seconds of others) {
            const more = decideExtend(head, held, { seconds }, { at, actor: 'machine:test' })
            if (!more.ok) throw new Error(more.reason)
            head = chainEntry(head, more.draft, 'k', at).next
            held = more.hold
          }
          const atOnce = authorise(
            rich,
            price,
            steps.reduce((sum, step) => sum + step, 0),
          )
          expect(atOnce.ok && atOnce.hold.heldMicros).toBe(held.heldMicros)
          expect(sumOfHeld(held.lots)).toBe(held.heldMicros)
        },
      ),
    )
  })
})

const said = { reason: 'test', actor: 'machine:test', detail: {} }
const step = fc.record({
  what: fc.constantFrom('credit', 'hold', 'more', 'end'),
  amountMicros: fc.bigInt({ min: 0n, max: 1000n }),
  days: fc.nat(5),
  which: fc.nat(20),
  share: fc.nat(100),
})

describe('lots of holds', () => {
  it('always come back or are charged: the history proves, and nothing is below zero', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let head = headWith({ tip: genesisHash('acc_example1', 'USD') })
        const entries: Entry[] = []
        const post = (draft: Parameters<typeof chainEntry>[1]) => {
          const chained = chainEntry(head, draft, 'k', at, 0)
          head = chained.next
          entries.push(chained.entry)
        }
        let open: ReturnType<typeof addHeld>[] = []
        for (const { what, amountMicros, days, which, share } of steps) {
          const held = open[which % Math.max(1, open.length)]
          if (what === 'credit') {
            const expiresAt = days ? `2027-01-0${days}T00:00:00.000Z` : undefined
            const raise = {
              ...said,
              kind: 'credit' as const,
              contra: 'credit:goodwill' as const,
              currency: 'USD',
            }
            const given = credit(head, { ...raise, amountMicros: amountMicros + 1n, expiresAt })
            if (given.ok) post(given.draft)
          } else if (what === 'end' && held) {
            const capturedMicros = (sumOfHeld(held) * BigInt(share)) / 100n
            const kind = capturedMicros > 0n ? ('capture' as const) : ('release' as const)
            const ended = endHold(head, { ...said, kind, held, capturedMicros, contra: 'revenue:usage' })
            if (ended.ok) post(ended.draft)
            open = open.filter((each) => each !== held)
          } else if (what !== 'end') {
            const decision = hold(head, { ...said, amountMicros })
            expect(decision.ok).toBe(amountMicros <= head.availableMicros)
            if (!decision.ok) continue
            post(decision.draft)
            if (what === 'more' && held)
              open = [...open.filter((each) => each !== held), addHeld(held, decision.drawn)]
            else open.push(decision.drawn)
          }
          expect(open.reduce((sum, each) => sum + sumOfHeld(each), 0n)).toBe(head.heldMicros)
        }
        expect(proveAccount(head, entries)).toEqual([])
      }),
    )
  })
})

describe('a timer', () => {
  it('waits whole seconds, never too few, and no longer than a message may', () => {
    const now = new Date(at)
    expect(timerDelaySeconds('2026-11-23T12:00:59.001Z', now)).toBe(60)
    expect(timerDelaySeconds('2026-11-23T11:00:00.000Z', now)).toBe(0)
    expect(timerDelaySeconds('2026-11-23T18:00:00.000Z', now)).toBe(600)
  })

  it('for a hold that is not there rings until none can come any more', () => {
    const timer = { accountId: 'acc_12345678', holdId: 'hold_1', expiresAt: at }
    expect(ringAgainForNoHold(timer, new Date(at))).toBe('2026-11-23T12:01:00.000Z')
    expect(ringAgainForNoHold(timer, new Date('2026-11-23T12:01:00.000Z'))).toBeUndefined()
  })
})
