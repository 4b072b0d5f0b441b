import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOTHING_UNDONE, refund, reverse } from '../../functions/ledger/decide-movement.ts'
import { AVAILABLE, type ContraAccount, chainEntry, type Entry } from '../../functions/ledger/entry.ts'
import { headWith } from './head-with.ts'

const why = { reason: 'r', actor: 'a' }
const at = '2026-11-23T12:00:00.000Z'
const contras: ContraAccount[] = ['revenue:usage', 'tax:vat', 'tax:city', 'payable:carrier', 'revenue:fee']

/** A charge that several of the operator's accounts have a part of. */
function chargeOf(parts: readonly bigint[]): Entry {
  const whole = parts.reduce((sum, part) => sum + part, 0n)
  const lines = parts.map((amountMicros, index) => ({ account: contras[index]!, amountMicros }))
  return chainEntry(
    headWith({ availableMicros: whole }),
    {
      ...why,
      kind: 'charge',
      detail: {},
      postings: [{ account: AVAILABLE, amountMicros: -whole }, ...lines],
    },
    'charge:1',
    at,
  ).entry
}

const partsSpec = fc
  .array(fc.oneof(fc.bigInt({ min: 0n, max: 12n }), fc.bigInt({ min: 0n, max: 10n ** 15n })), {
    minLength: 1,
    maxLength: 5,
  })
  .filter((parts) => parts.some((part) => part > 0n))

describe('a charge that several accounts have a part of', () => {
  it('comes back from each what it had, whatever refunds it comes back in, and never a part of the wrong sign', () => {
    fc.assert(
      fc.property(
        partsSpec,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        (parts, cuts) => {
          const entry = chargeOf(parts)
          const whole = -entry.amountMicros
          const marks = cuts.map((cut) => (whole * BigInt(Math.floor(cut * 2 ** 30))) / 2n ** 30n)
          const borne = new Map<string, bigint>()
          let undoneMicros = 0n
          for (const until of [...marks.sort((one, other) => (one < other ? -1 : 1)), whole]) {
            const amountMicros = until - undoneMicros
            if (amountMicros === 0n) continue
            const asked = { amountMicros, currency: 'USD' }
            const decision = refund(headWith(), entry, asked, why, { ...NOTHING_UNDONE, undoneMicros })
            if (!decision.ok) throw new Error(decision.reason)
            const [client, ...lines] = decision.draft.postings
            expect(client).toEqual({ account: AVAILABLE, amountMicros })
            for (const line of lines) {
              expect(line.amountMicros <= 0n).toBe(true)
              borne.set(line.account, (borne.get(line.account) ?? 0n) - line.amountMicros)
            }
            expect(lines.reduce((sum, line) => sum + line.amountMicros, 0n)).toBe(-amountMicros)
            undoneMicros = until
          }
          expect([...borne.values()]).toEqual(parts)
        },
      ),
    )
  })

  it('is refunded micro by micro without a part of the wrong sign', () => {
    const entry = chargeOf([5n, 5n, 5n, 1n])
    for (let undoneMicros = 0n; undoneMicros < 16n; undoneMicros++) {
      const asked = { amountMicros: 1n, currency: 'USD' }
      const decision = refund(headWith(), entry, asked, why, { ...NOTHING_UNDONE, undoneMicros })
      const amounts = decision.ok ? decision.draft.postings.slice(1).map((line) => line.amountMicros) : []
      expect(amounts.toSorted()).toEqual([-1n, 0n, 0n, 0n])
    }
  })

  it('is reversed line by line', () => {
    fc.assert(
      fc.property(partsSpec, (parts) => {
        const decision = reverse(headWith(), chargeOf(parts), why)
        const lines = decision.ok ? decision.draft.postings.slice(1) : []
        expect(lines.map(({ amountMicros }) => -amountMicros)).toEqual(parts)
      }),
    )
  })
})
