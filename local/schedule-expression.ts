import { Cron } from 'croner'

const rateMillis: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** Says when a schedule fires next, strictly after an instant; undefined when it never fires again. */
export type NextFiring = (after: Date) => Date | undefined

/**
 * Understands the expressions of EventBridge Scheduler: `cron(minutes hours day-of-month month day-of-week year)`, `rate(n
 * minutes|hours|days)`, counted from `anchor` (when the schedule was made), and `at(yyyy-mm-ddThh:mm:ss)`, in the named
 * time zone. Throws on anything else.
 */
export function parseScheduleExpression(expression: string, timezone: string, anchor: Date): NextFiring {
  const [, kind, argument = ''] = /^(cron|rate|at)\((.+)\)$/.exec(expression.trim()) ?? []
  switch (kind) {
    case 'cron':
      return cronFirings(argument.trim(), timezone, expression)
    case 'rate':
      return rateFirings(argument.trim(), anchor, expression)
    case 'at':
      return oneFiring(argument.trim(), timezone, expression)
    default:
      throw new Error(`not a schedule expression: ${expression}`)
  }
}

function cronFirings(fields: string, timezone: string, expression: string): NextFiring {
  if (fields.split(/\s+/).length !== 6) throw new Error(`a cron expression has six fields: ${expression}`)
  // Weekdays count from 1 (Sunday) on AWS; the seconds are always 0 there.
  const cron = new Cron(`0 ${fields.replaceAll('?', '*')}`, {
    timezone,
    alternativeWeekdays: true,
    mode: '7-part',
  })
  return (after) => cron.nextRun(after) ?? undefined
}

function rateFirings(argument: string, anchor: Date, expression: string): NextFiring {
  const [, count = '', unit = ''] = /^(\d+)\s+(minute|hour|day)s?$/.exec(argument) ?? []
  const periodMillis = Number(count) * (rateMillis[unit] ?? 0)
  if (periodMillis === 0) throw new Error(`a rate is a number of minutes, hours or days: ${expression}`)
  return (after) => {
    const periods = Math.floor((after.getTime() - anchor.getTime()) / periodMillis) + 1
    return new Date(anchor.getTime() + Math.max(1, periods) * periodMillis)
  }
}

function oneFiring(argument: string, timezone: string, expression: string): NextFiring {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(argument)) throw new Error(`not an instant: ${expression}`)
  const instant = new Cron(argument, { timezone })
  return (after) => instant.nextRun(after) ?? undefined
}
