import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../functions/ledger/entry.ts'
import { type PriceModel, type PriceVersion, priceModelSchema } from '../../functions/prices/price.ts'
import type { FoundPrice, PriceSource } from '../../functions/prices/price-source.ts'
import { buildRateDeck, type Rate } from '../../functions/prices/rate-deck.ts'
import { writeUsageCsv } from '../../functions/statements/write-csv.ts'
import { decideInOrder, type PricedEvent } from '../../functions/usage/decide-usage.ts'
import {
  type PackedDecision,
  packUsageDecisions,
  unpackUsageDecisions,
} from '../../functions/usage/packed-usage.ts'
import { presentBatch } from '../../functions/usage/present-usage.ts'
import type { NumberedEvent } from '../../functions/usage/usage-event.ts'
import { headWith } from '../ledger/head-with.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { historyOf, machineOn, NOW, numberedEvent, openAccount, UNIT } from './numbered-account.ts'

const accountId = 'acc_packed000001'
const started = Date.parse('2026-11-23T11:00:00.000Z')

const version = (service: string, number: number, model: object, more: object = {}): PriceVersion => ({
  ...{ service, version: number, currency: 'USD', effectiveFrom: '2026-01-01T00:00:00.000Z' },
  model: priceModelSchema.parse(model) as PriceModel,
  ...more,
})

const rate = (prefix: string, perMinute: string, more: Partial<Rate> = {}): Rate => ({
  ...{ prefix, perMinute, connectionFee: '0', minimumSeconds: 0, incrementSeconds: 1, freeSeconds: 0 },
  ...more,
})

const deck = {
  ...{ deck: 'standard', version: 3, currency: 'USD', effectiveFrom: '2026-01-01T00:00:00.000Z' },
  rates: buildRateDeck([
    rate('1', '0.01', { name: 'North America' }),
    rate('49', '0.02', { description: 'Germany', direction: 'outbound' }),
    rate('49', '0.001', { direction: 'inbound', freeSeconds: 10 }),
    rate('4915', '0.1', { minimumSeconds: 30, incrementSeconds: 6, connectionFee: '0.05', name: 'mobile' }),
    rate('4915123', '0.3', {}),
  ]),
}

const duration = (more: object) => ({ kind: 'per_duration', per: 'minute', ...more })

/** One price of every kind, with what is used of it. */
const uses: [found: FoundPrice | undefined, use: Partial<NumberedEvent>][] = [
  [{ price: version('sms', 1, { kind: 'per_unit', unitAmount: '0.075' }) }, { quantity: 3 }],
  [
    { price: version('sms', 2, { kind: 'per_unit', unitAmount: '0.05' }, { clientType: 'hosted' }) },
    { quantity: 2 },
  ],
  [{ price: version('free', 1, { kind: 'per_unit', unitAmount: '0' }) }, { quantity: 1_000_000_000_000 }],
  [
    {
      price: version('fax', 1, {
        kind: 'per_unit',
        tiers: [
          { upTo: 3, unitAmount: '1' },
          { upTo: 5, unitAmount: '0.5' },
          { upTo: null, unitAmount: '0.333333' },
        ],
      }),
    },
    { quantity: 2 },
  ],
  [
    {
      price: version(
        'call',
        7,
        duration({
          ...{ rate: '0.0217', firstIntervalSeconds: 60, incrementSeconds: 6, minimumSeconds: 12 },
          ...{ connectionFee: '0.015', freeSeconds: 3 },
        }),
      ),
    },
    { seconds: 83 },
  ],
  [{ price: version('call', 8, duration({ rate: '0.0217', freeSeconds: 90 })) }, { seconds: 90 }],
  [
    {
      price: version(
        'minutes',
        1,
        duration({
          incrementSeconds: 60,
          tiers: [
            { upTo: 120, rate: '0.1' },
            { upTo: null, rate: '0.01' },
          ],
        }),
      ),
    },
    { seconds: 61 },
  ],
  ...['+491512345', '4915999', '+4930123', '12025550123'].map(
    (destination): [FoundPrice, Partial<NumberedEvent>] => [
      { price: version('voice', 1, { kind: 'rate_deck', deck: 'standard' }), deck },
      { seconds: 65, attributes: { destination } },
    ],
  ),
  [
    { price: version('voice', 1, { kind: 'rate_deck', deck: 'standard' }), deck },
    { seconds: 11, attributes: { destination: '+491512345', direction: 'inbound' } },
  ],
  [
    { price: version('voice', 1, { kind: 'rate_deck', deck: 'standard' }), deck },
    { seconds: 65, attributes: { destination: '99' } },
  ],
  [
    { price: version('voice', 1, { kind: 'rate_deck', deck: 'standard' }) },
    { seconds: 1, attributes: { destination: '1' } },
  ],
  [{ price: version('sms', 1, { kind: 'per_unit', unitAmount: '0.075' }) }, { seconds: 5 }],
  [undefined, { quantity: 1 }],
  [{ price: version('dear', 1, { kind: 'per_unit', unitAmount: '1000000' }) }, { quantity: 1_000_000 }],
  [{ price: version('sms', 1, { kind: 'per_unit', unitAmount: '0.075' }) }, { quantity: 1 }],
]

/** Each of them three times over, so that tiers go on and rates are shared. */
function pricedEvents(): PricedEvent[] {
  return [1, 2, 3].flatMap((round) =>
    uses.map(([found, use], index) => {
      const number = (round - 1) * uses.length + index + 1
      const event: NumberedEvent = {
        ...{ source: `urn:switch:${index % 2}`, number, id: `ünï-${number}`, accountId },
        ...{
          service: found?.price.service ?? 'unpriced',
          at: new Date(started + number * 777).toISOString(),
        },
        attributes: {},
        ...use,
      }
      return { event, found }
    }),
  )
}

/** Calls as a switch reports them, and among them the records of two sessions that their holds have paid. */
function calls(): PricedEvent[] {
  const found = { price: version('voice', 1, { kind: 'rate_deck', deck: 'standard' }), deck }
  return Array.from({ length: 40 }, (_, index): PricedEvent => {
    const time = started + index * index * 7
    const id = `${time
      .toString(16)
      .padStart(12, '0')
      .replace(/^(.{8})/, '$1-')}-7c3a-9d8e-0${String(index * 97).padStart(11, '0')}`
    const event: NumberedEvent = {
      ...{ source: 'urn:switch:berlin-1', number: 70_000 + index, id, accountId, service: 'voice' },
      ...{ at: new Date(time).toISOString(), seconds: (index * 37) % 400 },
      attributes: { destination: `+4930${1_000_000 + index * 7919}`, direction: 'outbound' },
    }
    if (index % 20 !== 7) return { event, found }
    event.attributes.session = `session-${index}`
    const status = index === 7 ? 'captured' : 'held'
    return { event, found, hold: { holdId: `hold_${index}`, status, capturedMicros: 1234n, found } }
  })
}

const head = headWith({ accountId, availableMicros: 1000n * UNIT, currency: 'USD', sequence: 41n })

const batches = { 'every-kind-of-price': pricedEvents(), calls: calls() }

function entryOf(packed: Uint8Array, totalMicros: bigint) {
  const { currency, availableMicros: availableBeforeMicros } = head
  const availableAfterMicros = availableBeforeMicros - totalMicros
  return { packed, accountId, currency, availableBeforeMicros, availableAfterMicros }
}

/** Every event of a batch as replies carry it. */
function tellAll(packed: Uint8Array, totalMicros: bigint): unknown {
  const entry = { ...entryOf(packed, totalMicros), sequence: 42n, at: NOW } as Entry
  return JSON.parse(JSON.stringify(presentBatch(entry)))
}

const withoutSource = ({ ratedBy, ...decision }: PackedDecision & { ratedBy?: unknown }) => decision

describe('what a numbered batch tells of each event', () => {
  it.each(Object.entries(batches))('is what was decided: %s', (_, priced) => {
    const { decisions, totalMicros } = decideInOrder(head, priced, '2026-11')
    const unpacked = unpackUsageDecisions(entryOf(packUsageDecisions(decisions), totalMicros))
    expect(unpacked).toEqual(decisions.map((decision) => withoutSource(decision as PackedDecision)))
  })

  it('has every kind of outcome in what is tested here', () => {
    const decided = Object.values(batches).flatMap(
      (priced) => decideInOrder(head, priced, '2026-11').decisions,
    )
    const outcomes = decided.map((decision) => ('reason' in decision ? decision.reason : decision.verdict))
    const refusals = ['insufficient_credit', 'no_price', 'no_rate', 'no_rate_deck', 'quantity_missing']
    expect([...new Set(outcomes)].sort()).toEqual(['deducted', 'reconciled', ...refusals].sort())
  })

  it.each(Object.keys(batches))('is read from the bytes of format 1 forever: %s', (name) => {
    // Never make these files anew: they stand for all the entries that were packed so.
    const fixture = JSON.parse(readFileSync(new URL(`packed-format-1/${name}.json`, import.meta.url), 'utf8'))
    const packed = Buffer.from(fixture.packed, 'base64')
    expect(packed[0]).toBe(1)
    expect(tellAll(packed, BigInt(fixture.totalMicros))).toEqual(fixture.events)
  })

  it('has a line of its own in CSV for each event, refused ones with the reason', () => {
    const { decisions, totalMicros } = decideInOrder(head, batches['every-kind-of-price'], '2026-11')
    const entry = { ...entryOf(packUsageDecisions(decisions), totalMicros), sequence: 42n, at: NOW } as Entry
    const [columns, first, ...others] = writeUsageCsv(presentBatch(entry)).trimEnd().split('\r\n')
    expect(columns).toContain('source,id,sequence')
    expect(first).toBe(
      'urn:switch:0,ünï-1,1,2026-11-23T11:00:00.777Z,sms,3,,deducted,,0.225,USD,1000.00,999.775',
    )
    expect(others).toHaveLength(decisions.length - 1)
    expect(others.filter((line) => line.includes(',refused,no_rate,'))).toHaveLength(3)
  })

  it('names a format that it does not know', () => {
    expect(() => unpackUsageDecisions(entryOf(Buffer.from([9, 0, 0]), 0n))).toThrow('format 9')
  })
})

describe('what was explained stays explained', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await startTestDatabase()
  })
  afterAll(() => database.stop())

  it('though prices are set anew, by what was in force at each event’s own time', async () => {
    const account = await openAccount(database, 100n * UNIT)
    const turn = '2026-11-30T23:00:00.000Z'
    const first = version('sms', 1, { kind: 'per_unit', unitAmount: '1' })
    const second = version('sms', 2, { kind: 'per_unit', unitAmount: '0.5' }, { effectiveFrom: turn })
    const inForce: PriceSource = {
      open: () => ({ priceFor: async ({ at }) => ({ price: at < turn ? first : second }) }),
    }
    const at = (minutes: number) => new Date(Date.parse(turn) + minutes * 60_000).toISOString()
    // The clock of the source runs back: the order is that of its numbers.
    const events = [-2, 1, -1, 2].map((minutes, index) =>
      numberedEvent(account, index + 1, { at: at(minutes) }),
    )
    const { usage } = machineOn(database, inForce)
    await usage.deduct(account, events, at(3))
    const { decided } = await historyOf(database, account)
    expect(decided.map(({ explanation }) => [explanation!.price.version, explanation!.amount])).toEqual([
      [1, '1.00'],
      [2, '0.50'],
      [1, '1.00'],
      [2, '0.50'],
    ])
  })

  it('counts tiers over sources, starts anew with the month of the account, and tells what counted before', async () => {
    const account = await openAccount(database, 100n * UNIT)
    const model = {
      kind: 'per_unit',
      tiers: [
        { upTo: 3, unitAmount: '1' },
        { upTo: null, unitAmount: '0.1' },
      ],
    }
    const { usage } = machineOn(database, version('sms', 1, model))
    const events = (from: number, to: number) =>
      ['/a', '/b'].flatMap((source) =>
        Array.from({ length: to - from + 1 }, (_, index) => numberedEvent(account, from + index, { source })),
      )
    // Europe/Berlin: a second before December, and a second after it began.
    await usage.deduct(account, events(1, 2), '2026-11-30T22:59:59.000Z')
    await usage.deduct(account, events(3, 4), '2026-11-30T23:00:01.000Z')
    const { decided } = await historyOf(database, account)
    const amounts = decided.map(({ explanation }) => [explanation!.alreadyUsed, explanation!.amount])
    const month = [
      ['0', '1.00'],
      ['1', '1.00'],
      ['2', '1.00'],
      ['3', '0.10'],
    ]
    expect(amounts).toEqual([...month, ...month])
  })
})
