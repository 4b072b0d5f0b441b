import { expect, it } from 'vitest'
import { coverAccount } from '../../functions/terms/decide-coverage.ts'
import type { Acceptance, TermsVersion } from '../../functions/terms/terms.ts'

const now = new Date('2026-11-23T00:00:00.000Z')
const version = (number: number, more: Partial<TermsVersion> = {}) =>
  ({
    ...{ document: 'terms-of-service', kind: 'agreement', version: `v${number}`, number: BigInt(number) },
    ...{ class: 'material', effectiveAt: '2027-01-01T00:00:00.000Z', ...more },
  }) as TermsVersion
const answered = (number: number, decision: Acceptance['decision'] = 'accepted') =>
  ({ document: 'terms-of-service', version: `v${number}`, number: BigInt(number), decision }) as Acceptance

it('a version has to be answered by its own date, whatever an earlier one that waits asks for', () => {
  expect(coverAccount(version(2), [], now)).toEqual({
    ...{ state: 'unanswered', answerBy: '2027-01-01T00:00:00.000Z', isOverdue: false, answers: [] },
  })
  const inEffect = version(1, { effectiveAt: now.toISOString() })
  expect(coverAccount(inEffect, [], now)).toMatchObject({ state: 'unanswered', isOverdue: true })
})

it('an editorial version asks for nothing, whatever a later one does, nor do the terms of an app', () => {
  for (const more of [{ class: 'editorial' }, { kind: 'app_terms' }] as const)
    expect(coverAccount(version(2, more), [answered(1)], now)).toEqual({
      ...{ state: 'not_asked', isOverdue: false, answers: [] },
    })
})

it('a refusal stands until the version, or a later one, is accepted', () => {
  const declined = answered(1, 'declined')
  expect(coverAccount(version(1), [declined], now)).toMatchObject({ state: 'declined', answers: [declined] })
  expect(coverAccount(version(1), [declined, answered(2)], now)).toMatchObject({ state: 'accepted_later' })
  expect(coverAccount(version(1), [declined, answered(1)], now)).toMatchObject({ state: 'accepted' })
})
