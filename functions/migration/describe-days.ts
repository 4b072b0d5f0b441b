import type { LocalDay } from '../accounts/local-day.ts'

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]

/**
 * A day, or days from one to another inclusive, for people: `1 July 2018`, `1–14 July 2018`, `20 June–19 July 2018`. Written
 * here, as it stands on statements for good and must not change with Node's tables of languages.
 */
export function describeDays(from: LocalDay, through: LocalDay = from): string {
  const [year, month] = from.split('-')
  const isSameYear = through.startsWith(`${year}-`)
  const isSameMonth = through.startsWith(`${year}-${month}-`)
  const last = `${dayOfMonth(through)} ${monthName(through)} ${through.slice(0, 4)}`
  if (from === through) return last
  if (isSameMonth) return `${dayOfMonth(from)}–${last}`
  return `${dayOfMonth(from)} ${monthName(from)}${isSameYear ? '' : ` ${year}`}–${last}`
}

const dayOfMonth = (day: LocalDay) => Number(day.slice(8))
const monthName = (day: LocalDay) => MONTHS[Number(day.slice(5, 7)) - 1]
