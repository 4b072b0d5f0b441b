import { describe, expect, it } from 'vitest'
import {
  decidePlanVersion,
  listAnnounced,
  PRICE_CHANGE_NOTICE_DAYS,
} from '../../functions/plans/decide-plan-version.ts'
import { type PlanContent, type PlanVersion, planContentSchema } from '../../functions/plans/plan.ts'

const now = '2026-11-10T12:00:00.000Z'
const inNotice = '2026-12-12T12:00:00.000Z'
const content = (more: Partial<PlanContent> = {}): PlanContent => ({
  name: 'P',
  clientType: 'hosted',
  currency: 'USD',
  baseFeeMicros: 10n,
  services: [{ service: 'seat', name: 'Seat', unitFeeMicros: 5n }],
  ...more,
})
const seat = (unitFeeMicros: bigint, more = {}) => ({
  services: [{ service: 'seat', name: 'Seat', unitFeeMicros, ...more }],
})
const first: PlanVersion = {
  ...content(),
  planId: 'p',
  version: 1,
  effectiveFrom: '2026-01-01T00:00:00.000Z',
}
const decide = (more: Partial<PlanContent>, versions = [first]) =>
  decidePlanVersion(versions, 'p', content(more), { now, noticeDays: PRICE_CHANGE_NOTICE_DAYS })
const refusal = (text: string) => ({
  ok: false,
  field: 'effectiveFrom',
  detail: expect.stringContaining(text),
})

describe('a version of a plan', () => {
  it('may begin in the past when it is the first, and no other may', () => {
    const effectiveFrom = '2020-01-01T00:00:00.000Z'
    expect(decide({ effectiveFrom }, [])).toMatchObject({ ok: true, version: { effectiveFrom } })
    const past = { ...seat(4n), effectiveFrom: '2026-11-10T11:59:59.999Z' }
    expect(decide(past)).toMatchObject(refusal('must not be in the past'))
    expect(decide({ ...past, effectiveFrom: now })).toMatchObject({ ok: true })
  })

  it('begins a notice ahead when it raises a fee that somebody may pay, not a millisecond earlier', () => {
    for (const raise of [seat(6n), { baseFeeMicros: 11n }, seat(6n, { withdrawn: true })]) {
      expect(decide(raise)).toMatchObject(refusal(inNotice))
      const early = { ...raise, effectiveFrom: '2026-12-12T11:59:59.999Z' }
      expect(decide(early)).toMatchObject(refusal('32 days ahead'))
      expect(decide({ ...raise, effectiveFrom: inNotice })).toMatchObject({ ok: true })
    }
  })

  it('begins at once when it lowers fees, adds a service or withdraws one', () => {
    const fax = { service: 'fax', name: 'Fax', unitFeeMicros: 900n }
    const changes = [seat(4n), seat(5n, { withdrawn: true }), { services: [...seat(5n).services, fax] }]
    for (const change of changes) {
      expect(decide(change)).toMatchObject({ ok: true, unchanged: false, version: { effectiveFrom: now } })
    }
  })

  it('is measured by what was announced: taking an announced raise back is no raise, and making it again is', () => {
    const raised: PlanVersion = { ...first, ...seat(9n), version: 2, effectiveFrom: inNotice }
    const back = { ...seat(5n), effectiveFrom: inNotice }
    const decided = decide(back, [first, raised])
    expect(decided).toMatchObject({ ok: true, version: { version: 3 } })
    const takenBack = decided.ok ? decided.version : first
    const later = { ...seat(9n), effectiveFrom: inNotice }
    expect(
      decidePlanVersion([first, raised, takenBack], 'p', content(later), {
        now: '2026-11-11T00:00:00.000Z',
        noticeDays: 32,
      }),
    ).toMatchObject(refusal('since the fee of Seat rises'))
    expect(listAnnounced([first, raised], now)).toEqual([raised])
    expect(listAnnounced([first, raised, takenBack], now)).toEqual([takenBack])
    expect(listAnnounced([first, raised, takenBack], inNotice)).toEqual([])
  })

  it('is none when it is sent again, also after it has begun', () => {
    expect(decide({ effectiveFrom: first.effectiveFrom })).toMatchObject({ ok: true, unchanged: true })
    expect(decide({})).toMatchObject({ ok: true, unchanged: true, version: { version: 1 } })
    expect(decide(seat(5n, { withdrawn: true }))).toMatchObject({ unchanged: false })
  })

  it('keeps its services: one is withdrawn, not left out', () => {
    expect(decide({ services: [] })).toMatchObject({ ok: false, field: 'services' })
    const body = { ...content(), baseFeeMicros: undefined, services: [] }
    const offered = (withdrawn: unknown) => ({ service: 'seat', name: 'Seat', unitFee: '1', withdrawn })
    const parse = (withdrawn: unknown) =>
      planContentSchema.safeParse({ ...JSON.parse(JSON.stringify(body)), services: [offered(withdrawn)] })
    expect(parse(true).success).toBe(true)
    for (const hostile of ['true', 1, null, {}]) {
      expect(parse(hostile).error?.issues[0]?.path).toEqual(['services', 0, 'withdrawn'])
    }
  })
})
