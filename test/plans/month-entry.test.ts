import { marshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sizeBytes } from '../../bench/run-units.ts'
import { chainEntry, type Head } from '../../functions/ledger/entry.ts'
import { formatAmount } from '../../functions/ledger/money.ts'
import { decideMonthlyCharge } from '../../functions/plans/decide-monthly-charge.ts'
import { describeLines, describeMonth } from '../../functions/plans/describe-month.ts'
import { readMonthDetail } from '../../functions/plans/month-entry.ts'
import { changeLines, totalOf, wholeMonth } from '../../functions/plans/month-lines.ts'

const DAYS = 31
const MONTH = {
  ...{ period: '2026-12', dueAt: '2026-11-30T23:00:00.000Z', localDate: '2026-12-01', daysInMonth: DAYS },
  ...{ planId: 'basic', planVersion: 3, planName: 'Basic' },
}

const amountMicros = fc.bigInt({ min: 0n, max: 10n ** 12n })
const monthlyLine = (service: string) =>
  fc.record({
    service: fc.constant(service),
    name: fc.string(),
    quantity: fc.bigInt({ min: 0n, max: 1000n }),
    unitFeeMicros: amountMicros,
    isAgreed: fc.constantFrom(undefined, true as const),
  })
const monthlyLines = fc.tuple(...['base-fee', 'number', 'seat', 'trunk'].map(monthlyLine))

describe('the entry of a month', () => {
  it('says all of it when it is read, also of a month that was changed on some of its days', () => {
    fc.assert(
      fc.property(
        monthlyLines,
        monthlyLines,
        fc.integer({ min: 1, max: DAYS }),
        fc.constantFrom('USD', 'JPY', 'KWD'),
        fc.boolean(),
        (first, wanted, day, currency, wasShort) => {
          const lines = changeLines(wholeMonth(first, DAYS), { day, wanted, daysInMonth: DAYS })
          const charge = { ...MONTH, lines, totalMicros: totalOf(lines) }
          const { detail } = describeMonth(charge, currency, { wasShort })
          const { daysInMonth, ...said } = MONTH
          expect(readMonthDetail({ detail: JSON.stringify(detail), currency })).toEqual({
            ...{ ...said, currency, wasShort },
            lines: describeLines(charge, currency),
            total: formatAmount(charge.totalMicros, currency),
          })
        },
      ),
    )
  })

  it('is no other entry’s', () => {
    expect(() => readMonthDetail({ detail: '{}', currency: 'USD' })).toThrow()
  })

  it('fits one kilobyte for a plan of five services, drawn from two parts of the credit', () => {
    const accountId = `acc_${'x'.repeat(22)}`
    const services = [
      { service: 'number', name: 'Telephone number', unitFeeMicros: 1_500_000n, quantity: 40n },
      { service: 'recording', name: 'Call recording', unitFeeMicros: 3_000_000n, quantity: 20n },
      { service: 'seat', name: 'Seat', unitFeeMicros: 4_900_000n, quantity: 20n },
      { service: 'trunk', name: 'SIP trunk', unitFeeMicros: 25_000_000n, quantity: 2n },
      { service: 'voicemail', name: 'Voicemail by e-mail', unitFeeMicros: 900_000n, quantity: 20n },
    ]
    const terms = [
      { fromPeriod: '2026-12', planId: 'hosted-telephony', services, changedAt: 'then', changedBy: 'them' },
    ]
    const lot = (sequence: bigint, micros: bigint) => ({
      ...{ lot: sequence, source: 'top_up' as const, remainingMicros: micros },
    })
    const head: Head = {
      ...{ accountId, currency: 'USD', status: 'open', sequence: 123_456n, revision: 234_567n },
      ...{ availableMicros: 10_000_000_000n, heldMicros: 0n, receivableMicros: 0n },
      ...{ tip: 'x'.repeat(43), counters: {}, watermarks: {} },
      lots: [lot(123_001n, 100_000_000n), lot(123_450n, 9_900_000_000n)],
    }
    const decision = decideMonthlyCharge({
      ...{ account: { currency: 'USD', timeZone: 'Europe/Berlin' }, period: '2026-12', head },
      ...{ subscription: { accountId, terms, revision: 1n }, termsVersion: 'terms 2026-01' },
      planVersion: {
        ...{ planId: 'hosted-telephony', version: 12, name: 'Hosted telephony', clientType: 'hosted' },
        ...{ currency: 'USD', effectiveFrom: '2026-01-01T00:00:00.000Z', baseFeeMicros: 10_000_000n },
        services,
      },
    })
    if (!decision.ok || !decision.draft) throw new Error('not charged')
    const { entry } = chainEntry(head, decision.draft, 'plan:2026-12', '2026-11-30T23:05:00.000Z')
    expect(entry.lots).toHaveLength(2)
    const item = { pk: `ACCOUNT#${accountId}`, sk: 'ENTRY#000000123457', ...entry }
    expect(sizeBytes(marshall(item, { removeUndefinedValues: true }))).toBeLessThanOrEqual(1024)
  })
})
