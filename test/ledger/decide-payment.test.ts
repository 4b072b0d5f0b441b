import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { credit, debit } from '../../functions/ledger/decide-movement.ts'
import { giveBack, payIn, refundToCard, takeBack } from '../../functions/ledger/decide-payment.ts'
import {
  chainEntry,
  type Entry,
  type EntryDraft,
  genesisHash,
  type Head,
} from '../../functions/ledger/entry.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { headWith } from './head-with.ts'

const UNIT = 1_000_000n
const said = { reason: 'test', actor: 'person:x', detail: {} }
const AT = '2026-11-23T12:00:00.000Z'
const CASH = 'cash:stripe' as const

/** An account's history in memory: each draft is chained, so that it can be proven as a whole. */
function begin() {
  const first = { accountId: 'acc_example1', currency: 'USD' }
  let head: Head = headWith({ ...first, tip: genesisHash(first.accountId, first.currency) })
  const entries: Entry[] = []
  return {
    entries,
    head: () => head,
    set: (change: Partial<Head>) => (head = { ...head, ...change }),
    post(decision: { ok: true; draft: EntryDraft } | { ok: false; reason: string }): Entry | string {
      if (!decision.ok) return decision.reason
      // No room behind: all lots stay in HEAD, however many they are.
      const chained = chainEntry(head, decision.draft, `key-${entries.length}`, AT, 0)
      head = chained.next
      entries.push(chained.entry)
      return chained.entry
    },
    faults: () => proveAccount(head, entries),
    cashMicros: () =>
      -entries
        .flatMap(({ postings }) => postings)
        .filter(({ account }) => account === CASH)
        .reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
  }
}
type History = ReturnType<typeof begin>

const pay = (history: History, units: bigint) =>
  history.post(
    payIn(history.head(), {
      ...said,
      kind: 'top_up',
      contra: CASH,
      currency: 'USD',
      amountMicros: units * UNIT,
    }),
  ) as Entry
const spend = (history: History, units: bigint) =>
  history.post(
    debit(history.head(), {
      ...said,
      kind: 'charge',
      contra: 'revenue:charge',
      currency: 'USD',
      amountMicros: units * UNIT,
    }),
  )
const give = (history: History, units: bigint) =>
  history.post(
    credit(history.head(), {
      ...said,
      kind: 'credit',
      contra: 'credit:goodwill',
      currency: 'USD',
      amountMicros: units * UNIT,
    }),
  )
const dispute = (history: History, payment: Entry, units: bigint) =>
  history.post(
    takeBack(history.head(), payment, { ...said, kind: 'dispute', contra: CASH, amountMicros: units * UNIT }),
  ) as Entry
const win = (history: History, taking: Entry) =>
  history.post(giveBack(history.head(), taking, { ...said, kind: 'dispute_won', contra: CASH })) as Entry
const sendBack = (history: History, payment: Entry, units: bigint) =>
  history.post(refundToCard(history.head(), payment, { ...said, contra: CASH, amountMicros: units * UNIT }))

describe('a refund to the card', () => {
  it('takes only what is unspent of that very payment, whatever other credit there is', () => {
    const history = begin()
    const first = pay(history, 10n)
    pay(history, 50n)
    give(history, 30n)
    // Given credit goes first: 4 of the first payment are spent.
    spend(history, 34n)

    expect(refundToCard(history.head(), first, { ...said, contra: CASH, amountMicros: 7n * UNIT })).toEqual({
      ok: false,
      reason: 'more_than_unspent',
      unspentMicros: 6n * UNIT,
    })
    expect(sendBack(history, first, 4n)).toMatchObject({ amountMicros: -4n * UNIT, kind: 'top_up_refund' })
    expect(sendBack(history, first, 2n)).toMatchObject({ amountMicros: -2n * UNIT })
    expect(sendBack(history, first, 1n)).toBe('more_than_unspent')
    expect(history.cashMicros()).toBe(54n * UNIT)
    expect(history.faults()).toEqual([])
  })

  it('is refused on a parked or closed account, and of a payment that went into what was owed', () => {
    const history = begin()
    const first = pay(history, 10n)
    spend(history, 10n)
    dispute(history, first, 10n)
    const second = pay(history, 10n)
    expect(history.head()).toMatchObject({ availableMicros: 0n, receivableMicros: 0n })
    expect(sendBack(history, second, 1n)).toBe('more_than_unspent')
    history.set({ status: 'parked' })
    expect(sendBack(history, second, 1n)).toBe('account_parked')
    history.set({ status: 'closed' })
    expect(sendBack(history, second, 1n)).toBe('account_closed')
  })

  it('that does not reach its card comes back to the lot that it was taken from', () => {
    const history = begin()
    const payment = pay(history, 10n)
    const refund = sendBack(history, payment, 10n) as Entry
    history.post(giveBack(history.head(), refund, { ...said, kind: 'top_up_refund_failed', contra: CASH }))
    expect(history.head().lots).toEqual([{ lot: 1n, source: 'top_up', remainingMicros: 10n * UNIT }])
    expect(sendBack(history, payment, 10n)).toMatchObject({ kind: 'top_up_refund' })
    expect(history.faults()).toEqual([])
  })
})

describe('a payment that is taken back', () => {
  it('takes what is left, and the rest is owed', () => {
    const history = begin()
    const payment = pay(history, 10n)
    give(history, 2n)
    spend(history, 7n)
    const taking = dispute(history, payment, 10n)
    expect(taking).toMatchObject({ amountMicros: -5n * UNIT, availableAfterMicros: 0n })
    expect(history.head().receivableMicros).toBe(5n * UNIT)
    expect(history.cashMicros()).toBe(0n)
    expect(history.faults()).toEqual([])
  })

  it.each(['parked', 'closed'] as const)('takes nothing of a %s account: all of it is owed', (status) => {
    const history = begin()
    const payment = pay(history, 10n)
    history.set({ status })
    dispute(history, payment, 10n)
    expect(history.head()).toMatchObject({ availableMicros: 10n * UNIT, receivableMicros: 10n * UNIT })
  })

  it('is paid first by the next payment, and by that alone', () => {
    const history = begin()
    const payment = pay(history, 10n)
    spend(history, 10n)
    dispute(history, payment, 10n)
    give(history, 3n)
    expect(history.head()).toMatchObject({ availableMicros: 3n * UNIT, receivableMicros: 10n * UNIT })
    expect(pay(history, 4n)).toMatchObject({ amountMicros: 0n, lots: [] })
    expect(JSON.parse(pay(history, 9n).detail)).toMatchObject({ paidOwedMicros: String(6n * UNIT) })
    expect(history.head()).toMatchObject({ availableMicros: 6n * UNIT, receivableMicros: 0n })
    expect(history.faults()).toEqual([])
  })

  it('comes back when it is won: first for what is owed, then to its lots, and what was paid since as a lot of its own', () => {
    const history = begin()
    const payment = pay(history, 10n)
    spend(history, 6n)
    const taking = dispute(history, payment, 10n)
    pay(history, 2n)
    win(history, taking)
    expect(history.head()).toMatchObject({ availableMicros: 6n * UNIT, receivableMicros: 0n })
    expect(history.head().lots).toEqual([
      { lot: 1n, source: 'top_up', remainingMicros: 4n * UNIT },
      { lot: 5n, source: 'top_up', remainingMicros: 2n * UNIT },
    ])
    expect(history.faults()).toEqual([])
  })
})

it('in any order, payments less refunds less disputes are the cash, nothing is below zero, and all of it proves', () => {
  const step = fc.record({
    kind: fc.constantFrom('pay', 'give', 'spend', 'refund', 'dispute', 'win', 'fail'),
    units: fc.bigInt(1n, 30n),
    which: fc.nat(20),
    status: fc.constantFrom('open', 'open', 'open', 'parked'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const history = begin()
      const [payments, takings, refunds]: [Entry[], Entry[], Entry[]] = [[], [], []]
      let cashMicros = 0n
      for (const { kind, units, which, status } of steps) {
        history.set({ status })
        const payment = payments[which % payments.length]
        if (kind === 'pay') {
          payments.push(pay(history, units))
          cashMicros += units * UNIT
        } else if (kind === 'give') give(history, units)
        else if (kind === 'spend') spend(history, units)
        else if (kind === 'dispute' && payment) {
          takings.push(dispute(history, payment, units))
          cashMicros -= units * UNIT
        } else if (kind === 'refund' && payment) {
          const refund = sendBack(history, payment, units)
          if (typeof refund === 'string') continue
          refunds.push(refund)
          cashMicros -= units * UNIT
        } else if (kind === 'win' || kind === 'fail') {
          const list = kind === 'win' ? takings : refunds
          const [taking] = list.splice(which % Math.max(list.length, 1), 1)
          if (!taking) continue
          win(history, taking)
          cashMicros += taking.postings.find(({ account }) => account === CASH)!.amountMicros
        }
        const { availableMicros, receivableMicros } = history.head()
        expect(availableMicros >= 0n && receivableMicros >= 0n).toBe(true)
        expect(history.cashMicros()).toBe(cashMicros)
      }
      history.set({ status: 'open' })
      expect(history.faults()).toEqual([])
    }),
  )
})
