import type { AutoTopUp } from '../../functions/auto-top-up/auto-top-up.ts'
import type { Card } from '../../functions/cards/cards.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'

const UNIT = 1_000_000n
export const AT = '2026-11-01T00:00:00.000Z'

/** An automatic top-up that is on: below 20.00 up to 50.00, at most 200.00 a month. */
export const documentWith = (more: Partial<AutoTopUp> = {}): AutoTopUp => ({
  accountId: 'acc_auto000001',
  currency: 'USD',
  status: 'on',
  thresholdMicros: 20n * UNIT,
  targetMicros: 50n * UNIT,
  monthlyCapMicros: 200n * UNIT,
  consent: { actor: 'person:1', at: AT, wordingVersion: '1' },
  month: '2026-11',
  chargedMicros: 0n,
  toldPercent: 0,
  attempts: 0n,
  failuresInARow: 0,
  changedAt: AT,
  revision: 1n,
  ...more,
})

export const cardNamed = (paymentMethodId: string, expiresIn = '2030-12'): Card => ({
  paymentMethodId,
  brand: 'visa',
  lastFour: '4242',
  expiresIn,
  savedAt: AT,
  status: 'kept',
})

/** The top-up of an automatic attempt. */
export const attemptWith = (more: Partial<TopUp> = {}): TopUp => ({
  topUpId: 'top_1',
  accountId: 'acc_auto000001',
  status: 'processing',
  amountMicros: 45n * UNIT,
  currency: 'USD',
  origin: 'automatic',
  requestedMethod: 'saved_card',
  method: 'saved_card',
  saveCard: false,
  customerId: 'cus_1',
  paymentMethodId: 'pm_default',
  requestHash: 'h',
  actor: 'machine:auto-top-up',
  createdAt: AT,
  capMonth: '2026-11',
  isCountedToCap: true,
  refundedMicros: 0n,
  changedAt: AT,
  revision: 1n,
  ...more,
})
