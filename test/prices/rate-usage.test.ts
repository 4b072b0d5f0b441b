import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAmount } from '../../functions/ledger/money.ts'
import { type PriceModel, type PriceVersion, priceModelSchema } from '../../functions/prices/price.ts'
import { buildRateDeck, type Rate } from '../../functions/prices/rate-deck.ts'
import { type RatingInput, rateUsage } from '../../functions/prices/rate-usage.ts'

function priceOf(model: unknown): PriceVersion {
  return {
    service: 'call',
    version: 3,
    currency: 'USD',
    effectiveFrom: '2026-11-01T00:00:00.000Z',
    model: priceModelSchema.parse(model) as PriceModel,
  }
}

function rated(input: RatingInput) {
  const rating = rateUsage(input)
  if (!rating.ok) throw new Error(`refused: ${rating.reason} (${rating.field})`)
  return rating
}

const secondsCost = (model: unknown, seconds: bigint, alreadyUsedQuantity = 0n) =>
  rated({ price: priceOf(model), usage: { seconds, attributes: {} }, alreadyUsedQuantity }).amountMicros

const amount = fc
  .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([units, micros]) => `${units}.${String(micros).padStart(6, '0')}`)

const tierBounds = fc
  .uniqueArray(fc.integer({ min: 1, max: 5_000 }), { maxLength: 4 })
  .map((bounds) => bounds.sort((a, b) => a - b))

const durationModel = fc
  .record({
    per: fc.constantFrom('second' as const, 'minute' as const),
    firstIntervalSeconds: fc.integer({ min: 0, max: 120 }),
    incrementSeconds: fc.integer({ min: 1, max: 90 }),
    minimumSeconds: fc.integer({ min: 0, max: 120 }),
    freeSeconds: fc.integer({ min: 0, max: 30 }),
    connectionFee: amount,
    bounds: tierBounds,
    amounts: fc.array(amount, { minLength: 5, maxLength: 5 }),
  })
  .map(({ bounds, amounts, ...terms }) => ({
    kind: 'per_duration' as const,
    ...terms,
    tiers: [...bounds, null].map((upTo, index) => ({ upTo, rate: amounts[index]! })),
  }))

const seconds = fc.integer({ min: 0, max: 10_000 }).map(BigInt)

/** Second by second, interval by interval, in fractions of sixty: slow and plain. */
function slowDurationCost(model: ReturnType<typeof priceOf>['model'], used: number, alreadyUsed: number) {
  if (model.kind !== 'per_duration') throw new Error('a duration price')
  if (used === 0 || used <= model.freeSeconds) return 0n
  const wanted = Math.max(used, model.minimumSeconds)
  let billed = model.firstIntervalSeconds
  while (billed < wanted) billed += model.incrementSeconds
  let total = 0n
  for (let second = alreadyUsed + 1; second <= alreadyUsed + billed; second++) {
    const tier = model.tiers!.find(({ upTo }) => upTo === null || second <= upTo)!
    total += parseAmount(tier.rate)! * (model.per === 'minute' ? 1n : 60n)
  }
  const [whole, rest] = [total / 60n, total % 60n]
  const up = rest > 30n || (rest === 30n && whole % 2n === 1n)
  return whole + (up ? 1n : 0n) + parseAmount(model.connectionFee)!
}

describe('a price per duration', () => {
  test('equals a slow reference that counts second by second', () => {
    const used = fc.integer({ min: 0, max: 400 })
    fc.assert(
      fc.property(durationModel, used, fc.integer({ min: 0, max: 6_000 }), (model, now, before) => {
        const expected = slowDurationCost(priceOf(model).model, now, before)
        expect(secondsCost(model, BigInt(now), BigInt(before))).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('never gets cheaper with more seconds, and is never below zero', () => {
    fc.assert(
      fc.property(durationModel, seconds, seconds, (model, one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one]
        expect(secondsCost(model, less)).toBeGreaterThanOrEqual(0n)
        expect(secondsCost(model, less)).toBeLessThanOrEqual(secondsCost(model, more))
      }),
    )
  })

  test('is no cheaper cut in two, but for one micro of rounding, where the first interval is whole increments', () => {
    fc.assert(
      fc.property(durationModel, seconds, seconds, (model, one, other) => {
        fc.pre(one > 0n && other > 0n)
        const { incrementSeconds } = model
        const firstIntervalSeconds = (model.firstIntervalSeconds % 4) * incrementSeconds
        const unfree = { ...model, freeSeconds: 0, firstIntervalSeconds }
        const flat = { ...unfree, tiers: [{ upTo: null, rate: model.tiers[0]!.rate }] }
        const whole = secondsCost(flat, one + other)
        expect(secondsCost(flat, one) + secondsCost(flat, other)).toBeGreaterThanOrEqual(whole - 1n)
      }),
    )
  })

  test('costs nothing when nobody answered, connection fee included', () => {
    fc.assert(fc.property(durationModel, (model) => void expect(secondsCost(model, 0n)).toBe(0n)))
  })

  test('is free up to the free seconds and billed from the first second above them, as Kazoo does', () => {
    const model = { kind: 'per_duration', per: 'second', rate: '0.01', freeSeconds: 5, connectionFee: '0.10' }
    expect(secondsCost(model, 5n)).toBe(0n)
    expect(secondsCost(model, 6n)).toBe(160_000n)
  })

  test('bills as Kazoo does: minimum, then increments, then the surcharge', () => {
    const kazoo = {
      kind: 'per_duration',
      per: 'minute',
      rate: '0.02',
      firstIntervalSeconds: 60,
      minimumSeconds: 60,
    }
    const sixes = { ...kazoo, incrementSeconds: 6, connectionFee: '0.05' }
    expect(secondsCost(sixes, 1n)).toBe(70_000n)
    expect(secondsCost(sixes, 60n)).toBe(70_000n)
    expect(secondsCost(sixes, 61n)).toBe(72_000n)
    expect(secondsCost(sixes, 66n)).toBe(72_000n)
  })

  test('rounds once, half to even, after all seconds were added up', () => {
    const perMinute = (rate: string) => ({ kind: 'per_duration', per: 'minute', rate })
    expect(secondsCost(perMinute('0.000001'), 30n)).toBe(0n)
    expect(secondsCost(perMinute('0.000003'), 30n)).toBe(2n)
    expect(secondsCost(perMinute('0.00001'), 1n)).toBe(0n)
    expect(secondsCost(perMinute('0.00001'), 60n)).toBe(10n)
  })

  test('refuses a use without seconds, and names the field', () => {
    const price = priceOf({ kind: 'per_duration', per: 'minute', rate: '0.01' })
    const refusal = { ok: false, reason: 'seconds_missing', field: 'data.seconds' }
    expect(rateUsage({ price, usage: { quantity: 1n, attributes: {} } })).toEqual(refusal)
    expect(rateUsage({ price, usage: { seconds: -1n, attributes: {} } })).toEqual(refusal)
  })
})

describe('a price per unit', () => {
  const unitModel = fc
    .tuple(tierBounds, fc.array(amount, { minLength: 5, maxLength: 5 }))
    .map(([bounds, amounts]) => ({
      kind: 'per_unit' as const,
      tiers: [...bounds, null].map((upTo, index) => ({ upTo, unitAmount: amounts[index]! })),
    }))
  const quantity = fc.integer({ min: 0, max: 10_000 }).map(BigInt)
  const unitsCost = (model: unknown, units: bigint, alreadyUsedQuantity = 0n) =>
    rated({ price: priceOf(model), usage: { quantity: units, attributes: {} }, alreadyUsedQuantity })
      .amountMicros

  test('costs the same in one go as in parts, whatever tiers the parts fall into', () => {
    fc.assert(
      fc.property(unitModel, quantity, quantity, quantity, (model, before, one, other) => {
        const apart = unitsCost(model, one, before) + unitsCost(model, other, before + one)
        expect(apart).toBe(unitsCost(model, one + other, before))
      }),
    )
  })

  test('charges the unit at a tier’s end at the old amount and the next at the new', () => {
    const model = {
      kind: 'per_unit',
      tiers: [
        { upTo: 100, unitAmount: '0.05' },
        { upTo: null, unitAmount: '0.03' },
      ],
    }
    expect(unitsCost(model, 1n, 99n)).toBe(50_000n)
    expect(unitsCost(model, 1n, 100n)).toBe(30_000n)
    expect(unitsCost(model, 3n, 99n)).toBe(110_000n)
  })

  test('counts the quantity for tiers, and nothing where there are none', () => {
    const tiered = priceOf({ kind: 'per_unit', tiers: [{ upTo: null, unitAmount: '1' }] })
    const flat = priceOf({ kind: 'per_unit', unitAmount: '1' })
    const usage = { quantity: 7n, attributes: {} }
    expect(rated({ price: tiered, usage }).countedQuantity).toBe(7n)
    expect(rated({ price: flat, usage }).countedQuantity).toBe(0n)
  })
})

describe('a price by destination', () => {
  const rate = (prefix: string, more: Partial<Rate> = {}): Rate => ({
    prefix,
    perMinute: '0.012',
    connectionFee: '0.01',
    minimumSeconds: 30,
    incrementSeconds: 6,
    freeSeconds: 2,
    ...more,
  })
  const deck = {
    deck: 'standard',
    version: 2,
    currency: 'USD',
    effectiveFrom: '2026-11-01T00:00:00.000Z',
    rates: buildRateDeck([rate('44'), rate('4420', { perMinute: '0.02', name: 'London' })]),
  }
  const price = priceOf({ kind: 'rate_deck', deck: 'standard' })
  const call = (attributes: Record<string, unknown>, used = 31n) =>
    rateUsage({ price, deck, usage: { seconds: used, attributes } })

  test('takes the rate of the longest prefix and says which', () => {
    const rating = call({ destination: '+44 20 7946 0001' })
    expect(rating).toMatchObject({
      ok: true,
      amountMicros: 22_000n,
      explanation: {
        rateDeck: {
          deck: 'standard',
          version: 2,
          prefix: '4420',
          destination: '442079460001',
          name: 'London',
        },
      },
    })
  })

  test.each([
    [{}, 'destination_missing', 'data.destination'],
    [{ destination: '  ' }, 'destination_missing', 'data.destination'],
    [{ destination: '&' }, 'destination_unusable', 'data.destination'],
    [{ destination: '+33 1 99 00 00 00' }, 'no_rate', 'data.destination'],
    [{ destination: '+44', direction: 'sideways' }, 'direction_unusable', 'data.direction'],
  ])('refuses %j with %s', (attributes, reason, field) => {
    expect(call(attributes)).toEqual({ ok: false, reason, field })
  })

  test('refuses when no deck is in force, and when there is no price at all', () => {
    const usage = { seconds: 10n, attributes: { destination: '+44' } }
    expect(rateUsage({ price, usage })).toEqual({ ok: false, reason: 'no_rate_deck', field: 'type' })
    expect(rateUsage({ price: undefined, usage })).toEqual({ ok: false, reason: 'no_price', field: 'type' })
  })

  test('never takes for an attribute what every object inherits', () => {
    const named = priceOf({ kind: 'rate_deck', deck: 'standard', destinationAttribute: 'constructor' })
    const rating = rateUsage({ price: named, deck, usage: { seconds: 10n, attributes: {} } })
    expect(rating).toMatchObject({ ok: false, reason: 'destination_missing' })
  })
})

describe('the explanation', () => {
  test('is plain JSON from which the amount can be worked out again', () => {
    fc.assert(
      fc.property(durationModel, seconds, seconds, (model, used, before) => {
        const { amountMicros, explanation } = rated({
          price: priceOf(model),
          usage: { seconds: used, attributes: {} },
          alreadyUsedQuantity: before,
        })
        expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation)
        let exact = 0n
        let fee = 0n
        let per = 1n
        for (const step of explanation.steps ?? []) {
          if (step.step === 'rate') {
            per = step.per === 'minute' ? 60n : 1n
            for (const part of step.parts) exact += BigInt(part.quantity) * parseAmount(part.amount)!
          }
          if (step.step === 'connection_fee') fee = parseAmount(step.amount)!
        }
        const rounding = exact - (amountMicros - fee) * per
        expect(2n * (rounding < 0n ? -rounding : rounding)).toBeLessThanOrEqual(per)
        expect(parseAmount(explanation.amount)).toBe(amountMicros)
      }),
    )
  })

  test('reads step by step', () => {
    const price = priceOf({
      kind: 'per_duration',
      per: 'minute',
      rate: '0.012',
      firstIntervalSeconds: 30,
      incrementSeconds: 6,
      connectionFee: '0.01',
    })
    const { explanation } = rated({ price, usage: { seconds: 61n, attributes: {} } })
    expect(explanation.steps).toEqual([
      { step: 'used', seconds: '61' },
      { step: 'increment', seconds: '66' },
      {
        step: 'rate',
        amount: '0.0132',
        parts: [{ quantity: '66', amount: '0.012' }],
        per: 'minute',
        rounding: 'half_even',
      },
      { step: 'connection_fee', amount: '0.01' },
    ])
    expect(explanation).toMatchObject({
      amount: '0.0232',
      price: { service: 'call', version: 3, clientType: 'any' },
    })
  })
})
