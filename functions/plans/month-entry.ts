import { z } from 'zod'
import { firstDay } from '../accounts/billing-period.ts'
import type { Entry } from '../ledger/entry.ts'
import { formatAmount, readAmount } from '../ledger/money.ts'

/** A line of a month as plain JSON; its days stand with it where it is not of the whole month. */
export type DescribedLine = {
  service: string
  name: string
  quantity: string
  /** For one, for a whole month. */
  unitFee: string
  isAgreed?: true
  firstDay?: number
  lastDay?: number
  daysInMonth?: number
  amount: string
}

/** What else is to be said of a line; its amount only where that is not quantity × fee. */
const moreSchema = z.object({
  isAgreed: z.literal(true).optional(),
  firstDay: z.int().optional(),
  lastDay: z.int().optional(),
  daysInMonth: z.int().optional(),
  amount: z.string().optional(),
})
/** Service, name, quantity and fee. */
const lineSchema = z.tuple([z.string(), z.string(), z.string(), z.string(), moreSchema.optional()])
type StoredLine = z.infer<typeof lineSchema>
const monthSchema = z.looseObject({
  planId: z.string(),
  planVersion: z.int(),
  planName: z.string(),
  period: z.string(),
  dueAt: z.string(),
  lines: z.array(lineSchema),
  wasShort: z.literal(true).optional(),
})

/**
 * A line as an entry of kind `plan` or `plan_short` keeps it: so little that the charge of a plan of five services fits one
 * kilobyte, which is one write unit. What follows from the rest is left out, and so are names.
 */
export function storedLine(line: DescribedLine, currency: string): StoredLine {
  const { service, name, quantity, unitFee, amount, ...more } = line
  const said = amount === amountOf(quantity, unitFee, currency) ? more : { ...more, amount }
  if (Object.keys(said).length === 0) return [service, name, quantity, unitFee]
  return [service, name, quantity, unitFee, said]
}

/** All that an entry of kind `plan` or `plan_short` says, each line with its amount; throws on any other. */
export function readMonthDetail({ detail, currency }: Pick<Entry, 'detail' | 'currency'>) {
  const { lines: stored, wasShort = false, ...said } = monthSchema.parse(JSON.parse(detail))
  const lines = stored.map((line) => wholeLine(line, currency))
  const totalMicros = lines.reduce((sum, { amount }) => sum + readAmount(amount), 0n)
  const localDate = firstDay(said.period)
  return { ...said, localDate, currency, lines, total: formatAmount(totalMicros, currency), wasShort }
}

function wholeLine([service, name, quantity, unitFee, more]: StoredLine, currency: string): DescribedLine {
  return { service, name, quantity, unitFee, amount: amountOf(quantity, unitFee, currency), ...more }
}

function amountOf(quantity: string, unitFee: string, currency: string): string {
  return formatAmount(BigInt(quantity) * readAmount(unitFee), currency)
}
