import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Scheduler, startScheduler } from '../../local/scheduler.ts'
import type { LocalSchedule } from '../../local/template.ts'

const START = new Date('2026-11-23T11:50:00.000Z')
let folder: string
let scheduler: Scheduler
let fired: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scheduler-'))
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  fired = []
  const schedule = (name: string, expression: string): LocalSchedule => ({
    name,
    expression,
    timezone: 'UTC',
    target: { arn: name, id: name },
    kind: 'scheduler',
  })
  scheduler = startScheduler({
    folder,
    schedules: [schedule('hourly', 'cron(0 * * * ? *)'), schedule('quarterly', 'cron(0,15,30,45 * * * ? *)')],
    fire: async ({ name }, at) => void fired.push(`${name} ${at.toISOString().slice(11, 16)}`),
  })
})
afterEach(async () => {
  await scheduler.close()
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

/** As the clock of the stack is moved: from stop to stop. */
async function moveTo(target: string): Promise<string[]> {
  const stops: string[] = []
  for (;;) {
    const next = scheduler.nextDue()
    if (!next || next > new Date(target)) break
    vi.setSystemTime(next)
    stops.push(next.toISOString().slice(11, 16))
    await scheduler.fireDue()
  }
  vi.setSystemTime(new Date(target))
  return stops
}

describe('a clock that is moved', () => {
  it('stops once an hour, on the full hour, for a schedule that fires every quarter of one', async () => {
    expect(await moveTo('2026-11-23T14:10:00.000Z')).toEqual(['12:00', '13:00', '14:00'])
    expect(fired).toEqual([
      'hourly 12:00',
      'quarterly 12:00',
      'hourly 13:00',
      'quarterly 13:00',
      'hourly 14:00',
      'quarterly 14:00',
    ])
  })

  it('leaves a quarter of an hour that it was moved past to the next firing', async () => {
    await moveTo('2026-11-23T12:40:00.000Z')
    fired.length = 0
    await scheduler.fireDue()
    expect(fired).toEqual(['quarterly 12:30'])
  })
})
