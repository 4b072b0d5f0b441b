import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { createBus, EventsNotPut } from '../../functions/events/bus.client.ts'
import { deliveredEventSchema, type EventName, eventDetails } from '../../functions/events/event.ts'
import { eventsOfEntry } from '../../functions/events/events-of-entry.ts'
import { eventsOfLedger } from '../../functions/events/events-of-ledger.ts'
import { publishRecords } from '../../functions/events/publish-records.client.ts'
import { AVAILABLE, chainEntry, type Entry, type EntryDraft } from '../../functions/ledger/entry.ts'
import { newLot } from '../../functions/ledger/lot.ts'
import { decideMonthlyCharge, decideShortNote } from '../../functions/plans/decide-monthly-charge.ts'
import { headWith } from '../ledger/head-with.ts'
import { renderEventsPage } from './render-events-page.ts'

const head = (availableMicros: bigint) =>
  headWith({ accountId: 'acc_events01', availableMicros, sequence: 41n })
const at = '2026-12-01T00:00:00.000Z'

function entryOf(
  amountMicros: bigint,
  draft: Pick<EntryDraft, 'kind' | 'detail'> & Partial<EntryDraft>,
): Entry {
  const postings = [
    { account: AVAILABLE, amountMicros } as const,
    { account: 'revenue:usage', amountMicros: -amountMicros } as const,
  ]
  const lots = amountMicros > 0n ? newLot({ sequence: 41n }, 'top_up', amountMicros) : undefined
  const whole = { postings, lots, reason: 'why', actor: 'machine:test', ...draft }
  return chainEntry(head(100_000_000n), whole, 'key', at).entry
}

const usage = (deductedCount: number, refusedCount: number, refusals: Record<string, number>) =>
  entryOf(BigInt(-deductedCount), {
    kind: 'usage',
    detail: { deductedCount, refusedCount, refusals, services: {}, refusedAmount: '0.00', events: [] },
  })
const month = (availableMicros: bigint) => ({
  account: { currency: 'USD', timeZone: 'UTC' },
  subscription: {
    accountId: 'acc_events01',
    revision: 1n,
    terms: [
      {
        fromPeriod: '2026-12',
        planId: 'p',
        services: [{ service: 'seat', quantity: 2n }],
        changedAt: at,
        changedBy: 'x',
      },
    ],
  },
  planVersion: {
    planId: 'p',
    version: 1,
    name: 'P',
    clientType: 'hosted' as const,
    currency: 'USD',
    effectiveFrom: at,
    baseFeeMicros: 0n,
    services: [{ service: 'seat', name: 'Seat', unitFeeMicros: 1_500_000n }],
  },
  period: '2026-12',
  head: head(availableMicros),
})

function planEntry(): Entry {
  const decision = decideMonthlyCharge(month(100_000_000n))
  return chainEntry(
    head(100_000_000n),
    decision.ok ? decision.draft! : ({} as EntryDraft),
    'plan:2026-12',
    at,
  ).entry
}

function shortEntry(): Entry {
  const decision = decideShortNote({ ...month(1_000_000n), owedMicros: 500_000n, stopsOn: '2026-12-08' })
  return chainEntry(
    head(1_000_000n),
    decision.ok ? decision.draft : ({} as EntryDraft),
    'plan-short:2026-12',
    at,
  ).entry
}

const ENTRIES: [Entry, EventName[]][] = [
  [entryOf(5_000_000n, { kind: 'top_up', detail: { topUpId: 'top_1' } }), ['top_up.settled']],
  [entryOf(5_000_000n, { kind: 'credit', detail: {} }), ['credit.given']],
  [entryOf(-5_000_000n, { kind: 'charge', detail: {} }), ['charge.made']],
  [entryOf(-5_000_000n, { kind: 'reversal', detail: {}, reverses: 7n }), ['entry.reversed']],
  [entryOf(5_000_000n, { kind: 'refund', detail: {}, reverses: 7n }), ['charge.refunded']],
  [
    entryOf(-5_000_000n, {
      kind: 'expiry',
      detail: {
        lots: [
          {
            lot: '7',
            source: 'promotional',
            amountMicros: '5000000',
            expiredAt: '2026-11-30T23:00:00.000Z',
          },
        ],
      },
    }),
    ['credit.expired'],
  ],
  [
    entryOf(5_000_000n, {
      kind: 'credit',
      detail: {},
      lots: newLot({ sequence: 41n }, 'goodwill', 5_000_000n, '2027-01-31T23:00:00.000Z'),
    }),
    ['credit.given', 'lots.raised'],
  ],
  [usage(3, 0, {}), ['usage.deducted']],
  [usage(0, 2, { no_price: 2 }), ['usage.refused']],
  [usage(3, 2, { insufficient_credit: 1, no_price: 1 }), ['usage.deducted', 'usage.refused']],
  [planEntry(), ['plan.charged']],
  [shortEntry(), ['plan.short']],
]

describe('the events of an entry', () => {
  it('are as their schemas say, for every kind of entry', () => {
    for (const [entry, names] of ENTRIES) {
      const events = eventsOfEntry(entry)
      expect(events.map(({ detailType }) => detailType)).toEqual(names)
      for (const { detailType, detail } of events) {
        expect(eventDetails[detailType].strict().parse(JSON.parse(JSON.stringify(detail)))).toEqual(detail)
        expect(detail).toMatchObject({
          id: `acc_events01/${detailType}/42`,
          accountId: 'acc_events01',
          at,
          sequence: 42,
        })
      }
    }
  })

  it('say the amounts exactly', () => {
    const [charged] = eventsOfEntry(planEntry())
    expect(charged!.detail).toMatchObject({
      amount: { amount: '3.00', currency: 'USD' },
      available: { amount: '97.00', currency: 'USD' },
      wasShort: false,
      lines: [{ service: 'seat', quantity: '2', unitFee: '1.50', amount: '3.00' }],
    })
    const [short] = eventsOfEntry(shortEntry())
    expect(short!.detail).toMatchObject({
      owed: { amount: '3.00' },
      owedBefore: { amount: '0.50' },
      shortfall: { amount: '2.50' },
      stopsOn: '2026-12-08',
      available: { amount: '1.00' },
    })
    const refused = eventsOfEntry(usage(3, 2, { insufficient_credit: 1, no_price: 1 }))[1]
    expect(refused!.detail).toMatchObject({ refusedCount: 2, outOfCreditCount: 1 })
  })

  it('name each instant at which raised lots expire once, and none of what was drawn or stays', () => {
    const lot = (number: bigint, changeMicros: bigint, expiresAt?: string) => ({
      lot: number,
      source: 'goodwill' as const,
      changeMicros,
      ...(expiresAt && { expiresAt }),
    })
    const [january, february] = ['2027-01-31T23:00:00.000Z', '2027-02-28T23:00:00.000Z']
    const lots = [lot(2n, 1n, january), lot(3n, 1n, january), lot(4n, 1n, february), lot(5n, 1n)]
    const raised = eventsOfEntry(entryOf(4n, { kind: 'gap_release', detail: {}, lots }))
    expect(raised).toMatchObject([
      {
        detailType: 'lots.raised',
        detail: { id: 'acc_events01/lots.raised/42', expiries: [january, february] },
      },
    ])
  })

  it('come back from a rule’s envelope as they were, and nothing else does', () => {
    const [event] = eventsOfEntry(planEntry())
    const envelope = {
      version: '0',
      'detail-type': event!.detailType,
      source: 'drawdown',
      detail: event!.detail,
    }
    expect(deliveredEventSchema.parse(JSON.parse(JSON.stringify(envelope)))).toEqual(event)
    expect(deliveredEventSchema.safeParse({ ...envelope, source: 'other' }).success).toBe(false)
    expect(deliveredEventSchema.safeParse({ ...envelope, detail: { id: 'x' } }).success).toBe(false)
  })
})

describe('putting events on the bus', () => {
  const events = Array.from({ length: 25 }, (_, index) => ({
    ...eventsOfEntry(planEntry())[0]!,
    detail: { ...eventsOfEntry(planEntry())[0]!.detail, id: `event-${index}` },
  })) as ReturnType<typeof eventsOfEntry>

  function bus(turnsDown: (id: string, request: number) => boolean | 'throws') {
    const requests: string[][] = []
    const client = {
      send: async (command: PutEventsCommand) => {
        const ids = command.input.Entries!.map(({ Detail }) => JSON.parse(Detail!).id as string)
        requests.push(ids)
        const answers = ids.map((id) => turnsDown(id, requests.length))
        if (answers.includes('throws')) throw new Error('no answer')
        return {
          Entries: answers.map((answer) =>
            answer ? { ErrorCode: 'ThrottlingException' } : { EventId: 'e' },
          ),
        }
      },
    } as unknown as EventBridgeClient
    return { requests, put: createBus({ client, busName: 'bus', sleep: async () => {} }).put }
  }

  it('goes ten at a time, and again for those alone that were turned down', async () => {
    const { put, requests } = bus(
      (id, request) =>
        (id === 'event-4' && request === 1) || (id === 'event-20' && request === 4 && 'throws'),
    )
    await put(events)
    expect(requests.map(({ length }) => length)).toEqual([10, 1, 10, 5, 5])
    expect(requests[1]).toEqual(['event-4'])
  })

  it('says from which event on some stay out', async () => {
    const { put } = bus((id) => id === 'event-13')
    const failure = await put(events).catch((error) => error)
    expect(failure).toBeInstanceOf(EventsNotPut)
    expect(failure.firstIndex).toBe(13)
  })
})

describe('publishing entries', () => {
  const record = (entry: Entry, index: number): DynamoDBRecord => ({
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: `seq-${index}`,
      NewImage: marshall(
        { pk: 'ACCOUNT#acc_events01', sk: 'ENTRY#000000000042', ...entry },
        { removeUndefinedValues: true },
      ) as never,
    },
  })
  const records = ENTRIES.map(([entry], index) => record(entry, index))

  it('publishes every entry of a batch in its order', async () => {
    const put: string[] = []
    const answer = await publishRecords(
      records,
      async (events) => void put.push(...events.map(({ detailType }) => detailType)),
      eventsOfLedger,
    )
    expect(answer).toEqual({ batchItemFailures: [] })
    expect(put).toEqual(ENTRIES.flatMap(([, names]) => names))
  })

  it('gives back the record of the first event that did not get through', async () => {
    // Event 7 is the second one of record 6.
    const answer = await publishRecords(
      records,
      async () => {
        throw new EventsNotPut(7, 2, undefined)
      },
      eventsOfLedger,
    )
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'seq-6' }] })
    const whole = await publishRecords(
      records,
      async () => {
        throw new Error('no bus')
      },
      eventsOfLedger,
    )
    expect(whole).toEqual({ batchItemFailures: [{ itemIdentifier: 'seq-0' }] })
  })

  it('publishes what comes before an entry that cannot be read, and stops there', async () => {
    const put: string[] = []
    const broken = record({ ...planEntry(), detail: '{}' }, 99)
    const answer = await publishRecords(
      [records[0]!, broken, records[1]!],
      async (events) => void put.push(...events.map(({ detailType }) => detailType)),
      eventsOfLedger,
    )
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'seq-99' }] })
    expect(put).toEqual(['top_up.settled'])
  })
})

describe('docs/events.md', () => {
  it('says what the schemas say', async () => {
    await expect(renderEventsPage()).toMatchFileSnapshot('../../docs/events.md')
  })
})
