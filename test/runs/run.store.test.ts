import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRunStore } from '../../functions/runs/run.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

describe('the run of a month', () => {
  it('is opened once, and whoever opens it later gets the first', async () => {
    const first = await createRunStore(database).openRun('2026-12', '2026-11-30T10:00:00.000Z')
    const later = await createRunStore(database).openRun('2026-12', '2026-12-01T10:00:00.000Z')
    expect(first).toEqual({ period: '2026-12', openedAt: '2026-11-30T10:00:00.000Z' })
    expect(later).toEqual(first)
  })

  it('is one, also where several open it at once', async () => {
    const instants = Array.from({ length: 8 }, (_, hour) => `2027-01-01T0${hour}:00:00.000Z`)
    const runs = await Promise.all(instants.map((at) => createRunStore(database).openRun('2027-01', at)))
    expect(new Set(runs.map(({ openedAt }) => openedAt)).size).toBe(1)
    expect(await createRunStore(database).read('2027-01')).toEqual(runs[0])
  })

  it('is listed with the latest month first', async () => {
    const runs = createRunStore(database)
    await runs.openRun('2026-02', '2026-12-02T00:00:00.000Z')
    expect((await runs.list({ limit: 2 })).map(({ period }) => period)).toEqual(['2027-01', '2026-12'])
    expect((await runs.list({ limit: 9, before: '2026-12' })).map(({ period }) => period)).toEqual([
      '2026-02',
    ])
    expect(await runs.read('2025-01')).toBeUndefined()
  })
})
