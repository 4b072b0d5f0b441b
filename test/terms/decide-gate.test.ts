import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findAnnouncedTerms,
  findAnswerable,
  findWaitingTerms,
  labelTermsInForce,
} from '../../functions/terms/decide-gate.ts'
import type { Acceptance, TermsVersion } from '../../functions/terms/terms.ts'

const version = (number: number, more: Partial<TermsVersion> = {}): TermsVersion => ({
  ...{
    document: 'terms-of-service',
    version: `v${number}`,
    number: BigInt(number),
    title: 'Terms',
    language: 'en',
    kind: 'agreement',
    translations: [],
  },
  ...{
    clientTypes: [],
    class: 'material',
    graceDays: 30,
    effectiveAt: `2026-${String(number).padStart(2, '0')}-01T00:00:00.000Z`,
  },
  ...{
    publishedAt: '2026-01-01T00:00:00.000Z',
    publishedBy: 'x',
    textSha256: 'x',
    textBytes: 1n,
    fileKey: 'x',
  },
  ...more,
})

const accepted = (number: number, more: Partial<Acceptance> = {}): Acceptance => ({
  ...{
    accountId: 'acc_example01',
    document: 'terms-of-service',
    version: `v${number}`,
    number: BigInt(number),
  },
  ...{
    language: 'en',
    textSha256: 'x',
    decision: 'accepted',
    at: '',
    subject: 'x',
    email: 'x',
    role: 'owner',
  },
  ...{ sourceIp: '', userAgent: '', pressed: 'I accept' },
  ...more,
})

const march = new Date('2026-03-15T00:00:00.000Z')
const waiting = (versions: TermsVersion[], acceptances: Acceptance[] = []) =>
  findWaitingTerms(versions, acceptances, 'hosted', march).map(({ toAccept, inEffect, ...rest }) => ({
    ...rest,
    version: toAccept.version,
    inEffect: inEffect?.version,
  }))

describe('terms that are announced', () => {
  const editorial = (number: number, more: Partial<TermsVersion> = {}) =>
    version(number, { class: 'editorial', ...more })
  const announced = (versions: TermsVersion[], acceptances: Acceptance[] = []) =>
    findAnnouncedTerms(versions, acceptances, 'hosted', march).map((terms) => [
      terms.version.version,
      terms.since,
    ])

  it('are each document’s newest version that needs no answer, until it is in effect', () => {
    expect(announced([version(1), editorial(4)], [accepted(1)])).toEqual([['v4', 'v1']])
    expect(announced([editorial(2), editorial(4)])).toEqual([['v4', 'v2']])
    expect(announced([editorial(4)])).toEqual([['v4', undefined]])
    expect(announced([editorial(3)])).toEqual([])
    expect(announced([editorial(4), version(5)])).toEqual([])
    expect(announced([editorial(4, { clientTypes: ['private_cloud'] })])).toEqual([])
  })

  it('are not what waits for an answer by itself, or what was answered', () => {
    expect(announced([version(2), editorial(4)])).toEqual([])
    expect(announced([editorial(4)], [accepted(4)])).toEqual([])
  })

  it('are terms of apps for those who agreed to an earlier version', () => {
    const ofApp = [version(1, { kind: 'app_terms' }), version(4, { kind: 'app_terms' })]
    expect(announced(ofApp)).toEqual([])
    expect(announced(ofApp, [accepted(1)])).toEqual([['v4', 'v1']])
    expect(announced(ofApp, [accepted(4)])).toEqual([])
  })
})

describe('terms that wait', () => {
  it('are the newest version, and close from the first material one on that was not accepted', () => {
    expect(waiting([version(4), version(2)])).toEqual([
      {
        ...{ version: 'v4', inEffect: 'v2', requiredAt: '2026-02-01T00:00:00.000Z', closed: true },
        usageClosesAt: '2026-03-03T00:00:00.000Z',
      },
    ])
    expect(waiting([version(4), version(2)], [accepted(2)])).toEqual([
      {
        ...{ version: 'v4', requiredAt: '2026-04-01T00:00:00.000Z', closed: false, acceptedVersion: 'v2' },
        usageClosesAt: '2026-05-01T00:00:00.000Z',
      },
    ])
  })

  it('are none once a later version is accepted, for editorial versions, and for other client types', () => {
    expect(waiting([version(1), version(2)], [accepted(2)])).toEqual([])
    expect(waiting([version(1), version(2, { class: 'editorial' })], [accepted(1)])).toEqual([])
    expect(waiting([version(1, { clientTypes: ['private_cloud'] })])).toEqual([])
  })

  it('are statements too, until they are acknowledged, and never the terms of apps', () => {
    expect(waiting([version(1, { kind: 'statement' })])).toHaveLength(1)
    expect(waiting([version(1, { kind: 'statement' })], [accepted(1, { decision: 'acknowledged' })])).toEqual(
      [],
    )
    expect(waiting([version(1, { kind: 'app_terms' })])).toEqual([])
  })

  it('close usage when the first grace of a version that was not accepted is over', () => {
    const [waits] = waiting([version(1, { graceDays: 40 }), version(2, { graceDays: 3 })])
    expect(waits).toMatchObject({ requiredAt: '2026-01-01T00:00:00.000Z' })
    expect(waits).toMatchObject({ usageClosesAt: '2026-02-04T00:00:00.000Z' })
  })

  it('leave usage its days of grace when a version is published after the date from which it counts', () => {
    const [waits] = waiting([version(1, { publishedAt: '2026-03-14T00:00:00.000Z' })])
    expect(waits).toMatchObject({ closed: true, usageClosesAt: '2026-04-13T00:00:00.000Z' })
  })

  it('still wait after a refusal, and after the acceptance of another document', () => {
    expect(waiting([version(1)], [accepted(1, { decision: 'declined' })])).toHaveLength(1)
    expect(waiting([version(1)], [accepted(1, { document: 'privacy' })])).toHaveLength(1)
  })

  it('are closed exactly when a material version in effect is newer than all that was accepted, and what may be accepted opens them', () => {
    const versions = fc
      .array(fc.record({ month: fc.integer({ min: 1, max: 12 }), isMaterial: fc.boolean() }), {
        minLength: 1,
        maxLength: 6,
      })
      .map((drafts) =>
        drafts.map(({ month, isMaterial }, index) =>
          version(index + 1, {
            class: isMaterial ? 'material' : 'editorial',
            effectiveAt: `2026-${String(month).padStart(2, '0')}-01T00:00:00.000Z`,
          }),
        ),
      )
    fc.assert(
      fc.property(versions, fc.integer({ min: 0, max: 6 }), (published, number) => {
        const acceptances = number === 0 ? [] : [accepted(number)]
        const latest = published.findLast(
          (one) => one.class === 'material' && one.effectiveAt <= march.toISOString(),
        )
        const isClosed = (answers: Acceptance[]) => waiting(published, answers).some(({ closed }) => closed)
        expect(isClosed(acceptances)).toBe(latest !== undefined && latest.number > number)
        const { newest, inEffect } = findAnswerable(published, 'hosted', march)
        for (const answerable of [newest, inEffect])
          if (answerable) expect(isClosed([accepted(Number(answerable.number))])).toBe(false)
      }),
    )
  })
})

describe('the label of the terms in effect', () => {
  it('names each document’s newest version in effect, by document', () => {
    const versions = [version(1), version(3), version(4), version(1, { document: 'privacy' })]
    expect(labelTermsInForce(versions, 'hosted', march)).toBe('privacy@v1, terms-of-service@v3')
    expect(labelTermsInForce([version(4)], 'hosted', march)).toBeUndefined()
  })
})
