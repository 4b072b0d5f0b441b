import { Temporal } from 'temporal-polyfill'
import type { LocalStack } from '../local/stack.ts'
import { playMonth } from './month/play-month.ts'
import { eventsOfCalls, readCalls, readRates } from './month/read-inputs.ts'
import { machineOf } from './month/stack-machine.ts'
import { beginningOf, monthOf, moveToMonth } from './month/timeline.ts'

/** When a stack begins that is to have last month behind it: at the first of it. */
export function sampleMonthBegins(now: Date): Date {
  return beginningOf([`${monthBefore(now)}-01`])
}

/**
 * Plays the sample through the month before `present` on a stack that began with it, and moves the clock on to
 * `present`: what is there to look at then is a month that has just ended, and the clock shows the real time.
 */
export async function playSampleMonth(options: {
  stack: LocalStack
  present: Date
  log: (line: string) => void
}): Promise<void> {
  const { stack, present, log } = options
  const month = monthBefore(present)
  const calls = await readCalls(undefined)
  const records = calls.records.map((record) => ({
    ...record,
    id: `${record.id}-${month}`,
    startedAt: moveToMonth(record.startedAt, month),
    endedAt: moveToMonth(record.endedAt, month),
  }))
  const begins = monthOf(sampleMonthBegins(present))
  await playMonth({
    machine: machineOf(stack),
    rateDeckCsv: await readRates(undefined),
    effectiveFrom: begins,
    termsVersion: begins.slice(0, 10),
    instants: records.map(({ startedAt }) => startedAt),
    eventsOf: (accounts) => eventsOfCalls({ ...calls, records }, accounts).events,
    log,
  })
  await stack.clock.advanceTo(present)
}

function monthBefore(now: Date): Temporal.PlainYearMonth {
  return Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO('UTC')
    .toPlainDate()
    .toPlainYearMonth()
    .subtract({ months: 1 })
}
