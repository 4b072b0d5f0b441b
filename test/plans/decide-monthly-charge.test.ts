import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { payIn } from '../../functions/ledger/decide-payment.ts'
import { chainEntry, type Head } from '../../functions/ledger/entry.ts'
import { decideMonthlyCharge } from '../../functions/plans/decide-monthly-charge.ts'
import type { PlanVersion } from '../../functions/plans/plan.ts'
import { addTerm, type SubscriptionTerm, termOf } from '../../functions/plans/subscription.ts'
import { headWith } from '../ledger/head-with.ts'

const head = (availableMicros: bigint, status: Head['status'] = 'open') =>
  headWith({ accountId: 'acc_decide01', availableMicros, status })
const planVersion: PlanVersion = {
  planId: 'p',
  version: 3,
  name: 'P',
  clientType: 'hosted',
  currency: 'USD',
  effectiveFrom: '2026-01-01T00:00:00.000Z',
  baseFeeMicros: 5_000_000n,
  services: [
    { service: 'seat', name: 'Seat', unitFeeMicros: 4_900_001n },
    { service: 'number', name: 'Number', unitFeeMicros: 1_000_000n },
  ],
}
const term = (fromPeriod: string, quantity = 0n): SubscriptionTerm => ({
  fromPeriod,
  planId: 'p',
  services: [
    { service: 'number', quantity: 0n },
    { service: 'seat', quantity },
  ],
  changedAt: '',
  changedBy: '',
})
const input = (quantity: bigint, availableMicros: bigint, owedMicros = 0n) => ({
  account: { currency: 'USD', timeZone: 'UTC' },
  subscription: { accountId: 'acc_decide01', terms: [term('2026-12', quantity)], revision: 1n },
  planVersion,
  period: '2026-12',
  head: head(availableMicros),
  owedMicros,
})

describe('deciding a month', () => {
  it('multiplies exactly, names the version, and leaves out what is not taken', () => {
    const decision = decideMonthlyCharge(input(3n, 100_000_000n))
    expect(decision.charge.lines.map(({ service, amountMicros }) => [service, amountMicros])).toEqual([
      ['base-fee', 5_000_000n],
      ['seat', 14_700_003n],
    ])
    expect(decision).toMatchObject({
      ok: true,
      charge: { totalMicros: 19_700_003n },
      draft: { kind: 'plan', detail: { planVersion: 3, period: '2026-12' } },
    })
  })

  it('is covered once its shortfall is paid in, of which what is owed for payments is paid first', () => {
    const micros = fc.bigInt({ min: 0n, max: 10n ** 9n })
    fc.assert(
      fc.property(micros, micros, micros, (available, receivableMicros, owed) => {
        const before = { ...input(3n, available, owed) }
        before.head = { ...before.head, receivableMicros }
        const { shortfallMicros } = decideMonthlyCharge(before)
        if (shortfallMicros === 0n) return
        const pay = (amountMicros: bigint) => {
          const paid = payIn(before.head, {
            ...{ kind: 'top_up', contra: 'cash:stripe', currency: 'USD', amountMicros },
            ...{ reason: 'r', actor: 'a', detail: {} },
          })
          if (!paid.ok) throw new Error(paid.reason)
          const { next } = chainEntry(before.head, paid.draft, 'key', '2026-11-23T12:00:00.000Z')
          return decideMonthlyCharge({ ...before, head: next }).ok
        }
        expect(pay(shortfallMicros)).toBe(true)
        if (shortfallMicros > 1n) expect(pay(shortfallMicros - 1n)).toBe(false)
      }),
    )
  })

  it('charges all or finds short by exactly what is missing, and never takes credit below zero', () => {
    const micros = fc.bigInt({ min: 0n, max: 10n ** 12n })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1_000_000n }), micros, micros, (quantity, available, owed) => {
        const decision = decideMonthlyCharge(input(quantity, available, owed))
        const needed = 5_000_000n + quantity * 4_900_001n + owed
        expect(decision.charge.totalMicros + owed).toBe(needed)
        expect(decision.shortfallMicros).toBe(needed > available ? needed - available : 0n)
        expect(decision.ok).toBe(needed <= available)
        if (!decision.ok) return
        const { next } = chainEntry(head(available), decision.draft!, 'k', '2026-12-01T00:00:00.000Z')
        expect(next.availableMicros).toBe(available - decision.charge.totalMicros)
      }),
    )
  })

  it('does not charge a parked or closed account', () => {
    for (const status of ['parked', 'closed'] as const) {
      const decision = decideMonthlyCharge({ ...input(1n, 100_000_000n), head: head(100_000_000n, status) })
      expect(decision).toMatchObject({ ok: false, reason: `account_${status}` })
    }
  })
})

describe('the terms of a subscription', () => {
  it('keep what every month from the oldest due one on is charged by', () => {
    const months = Array.from(
      { length: 24 },
      (_, index) => `${2026 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`,
    )
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 23 }),
        (changes, due) => {
          const all = changes
            .sort((one, other) => one - other)
            .map((index) => term(months[index]!, BigInt(index)))
          const pruned = all.reduce(
            (terms: SubscriptionTerm[], next) => addTerm(terms, next, months[due]!),
            [],
          )
          const whole = { accountId: 'a', revision: 1n, terms: all }
          for (const month of months.slice(due)) {
            expect(termOf({ ...whole, terms: pruned }, month)).toEqual(termOf(whole, month))
          }
        },
      ),
    )
  })
})
