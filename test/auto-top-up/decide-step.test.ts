import { describe, expect, it } from 'vitest'
import type { AutoTopUp, FailureReason } from '../../functions/auto-top-up/auto-top-up.ts'
import { decideStep, type StepSeen } from '../../functions/auto-top-up/decide-step.ts'
import type { Card, Cards } from '../../functions/cards/cards.ts'
import { attemptWith, cardNamed, documentWith } from './documents.ts'

const UNIT = 1_000_000n

const cardsOf = (defaultCard: Card, backupCard?: Card): Cards => ({
  accountId: 'acc_auto000001',
  cards: backupCard ? [defaultCard, backupCard] : [defaultCard],
  defaultCardId: defaultCard.paymentMethodId,
  backupCardId: backupCard?.paymentMethodId,
  revision: 1n,
})
const seenWith = (cards: Cards, more: Partial<StepSeen> = {}): StepSeen => ({
  account: { timeZone: 'UTC' },
  now: '2026-11-30T23:30:00.000Z',
  head: { status: 'open', availableMicros: 5n * UNIT, receivableMicros: 0n },
  shortfallMicros: 0n,
  pendingMicros: 0n,
  isTermsAccepted: true,
  cards,
  ...more,
})
const attemptId = (attempt: bigint) => `top_${attempt}`

describe('a card whose last month is over', () => {
  const expiring = cardNamed('pm_default', '2026-11')
  const backup = cardNamed('pm_backup')

  it('is charged up to the end of that month where the account is, and not after it', () => {
    const document = documentWith()
    const inUtc = decideStep(document, seenWith(cardsOf(expiring)), attemptId)
    expect(inUtc.attempt).toMatchObject({ amountMicros: 45n * UNIT, card: { paymentMethodId: 'pm_default' } })
    const account = { timeZone: 'Europe/Berlin' }
    const inBerlin = decideStep(document, seenWith(cardsOf(expiring), { account }), attemptId)
    expect(inBerlin.decision).toEqual({ kind: 'nothing', why: 'no_card' })
    expect(inBerlin.attempt).toBeUndefined()
  })

  it('is no decline: nothing is paused or counted, and the backup, agreed to for a decline, is not charged', () => {
    const document = documentWith({ month: '2026-12' })
    const seen = seenWith(cardsOf(expiring, backup), { now: '2026-12-01T00:00:00.000Z' })
    const step = decideStep(document, seen, attemptId)
    expect(step).toEqual({ next: document, decision: { kind: 'nothing', why: 'no_card' }, counted: [] })
  })

  it('is not tried as the backup of one that was declined: that pauses at once', () => {
    const declined = attemptWith({ status: 'failed', failureCode: 'card_declined' })
    const document = documentWith({
      inFlight: { topUpId: declined.topUpId, role: 'default' },
      chargedMicros: declined.amountMicros,
    })
    const afterDeclineWith = (expiresIn: string) => {
      const cards = cardsOf(cardNamed('pm_default'), cardNamed('pm_backup', expiresIn))
      return decideStep(document, seenWith(cards, { inFlight: declined }), attemptId)
    }
    expect(afterDeclineWith('2026-11').attempt).toMatchObject({ card: { paymentMethodId: 'pm_backup' } })
    const { next, attempt } = afterDeclineWith('2026-10')
    expect(attempt).toBeUndefined()
    expect(next).toMatchObject({ status: 'paused', chargedMicros: 0n, lastFailure: { reason: 'declined' } })
  })
})

describe('what ends a pause', () => {
  const failedWith = (status: AutoTopUp['status'], reason: FailureReason = 'declined') =>
    documentWith({
      status,
      month: '2026-11',
      failuresInARow: status === 'disabled' ? 3 : 1,
      lastFailure: {
        reason,
        at: '2026-11-20T00:00:00.000Z',
        topUpId: 'top_failed',
        amountMicros: 45n * UNIT,
        defaultCard: { paymentMethodId: 'pm_default', expiresIn: '2030-12' },
      },
    })
  const statusAfter = (document: AutoTopUp, more: Partial<StepSeen> = {}, card = 'pm_default') =>
    decideStep(document, seenWith(cardsOf(cardNamed(card)), more), attemptId).next.status
  const settledAt = '2026-11-21T00:00:00.000Z'

  it('is another default card where the card was why, and not where the provider gave no answer or another amount', () => {
    const reasons = ['declined', 'authentication_required', 'no_answer', 'mismatched'] as const
    const withOtherCard = (status: AutoTopUp['status']) =>
      reasons.map((reason) => statusAfter(failedWith(status, reason), {}, 'pm_other'))
    expect(withOtherCard('paused')).toEqual(['on', 'on', 'paused', 'paused'])
    expect(withOtherCard('disabled')).toEqual(['on', 'on', 'on', 'on'])
    expect(statusAfter(failedWith('paused'))).toBe('paused')
  })

  it('is that the charge which failed was paid after all, also where three in a row had disabled it', () => {
    const told = attemptWith({ topUpId: 'top_failed', status: 'settled', settledAt })
    expect(statusAfter(failedWith('paused', 'no_answer'), { told })).toBe('on')
    expect(statusAfter(failedWith('disabled', 'no_answer'), { told })).toBe('on')
  })

  it('is a payment by hand, but not of what three in a row have disabled', () => {
    const told = attemptWith({ topUpId: 'top_by_hand', origin: 'manual', status: 'settled', settledAt })
    expect(statusAfter(failedWith('paused'), { told })).toBe('on')
    expect(statusAfter(failedWith('disabled'), { told })).toBe('disabled')
  })
})
