import { accountIdSchema } from '../accounts/account.ts'
import { isDay, type LocalDay } from '../accounts/local-day.ts'
import { lineSchema } from '../edge/text.ts'
import { currencySchema, parseAmount } from '../ledger/money.ts'
import {
  type Column,
  type GivenTexts,
  type LineRefusal,
  type MigrationLine,
  REQUIRED_COLUMNS,
  refuseLine,
} from './migration-line.ts'

const LONGEST_REFERENCE = 100

/** Refused in a value's place; holds no value. */
class Refused extends Error {
  readonly refusal: LineRefusal

  constructor(refusal: LineRefusal) {
    super(refusal.detail)
    this.refusal = refusal
  }
}

/** A line's texts as values, or the first of them that is none. Nothing is guessed and nothing rounded. */
export function readMigrationLine(given: GivenTexts): { ok: true; asked: MigrationLine } | LineRefusal {
  try {
    for (const column of REQUIRED_COLUMNS)
      if (!given[column]) throw new Refused(refuseLine('value_missing', column, 'is empty'))
    return {
      ok: true,
      asked: {
        accountId: readAccountId(given.account_id!),
        ...(given.paid_from && { paidFrom: readDay('paid_from', given.paid_from) }),
        paidThrough: readDay('paid_through', given.paid_through!),
        amountMicros: readAmount(given.amount!),
        currency: readCurrency(given.currency!),
        reference: readReference(given.reference ?? ''),
      },
    }
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    throw error
  }
}

function invalid(column: Column, detail: string): Refused {
  return new Refused(refuseLine('value_invalid', column, detail))
}

function readAccountId(text: string): string {
  if (!accountIdSchema.safeParse(text).success)
    throw invalid('account_id', 'must be an account id such as "acc_5fK2…"')
  return text
}

function readDay(column: Column, text: string): LocalDay {
  if (!isDay(text)) throw invalid(column, 'must be a day of the calendar such as "2018-07-14"')
  return text
}

/** Below zero too, so that it is refused for what it is. */
function readAmount(text: string): bigint {
  const isNegative = text.startsWith('-')
  const micros = parseAmount(isNegative ? text.slice(1) : text)
  if (micros === undefined)
    throw invalid(
      'amount',
      'must be a decimal number such as 30.00, with a point, at most 6 decimals and nothing between thousands',
    )
  return isNegative ? -micros : micros
}

function readCurrency(text: string): string {
  if (!currencySchema.safeParse(text).success)
    throw invalid('currency', 'must be an ISO 4217 currency code in capitals, such as "USD"')
  return text
}

/** Composed (Unicode's NFC), as the same reference from another program would be another payment. */
function readReference(text: string): string {
  if (text === '') return ''
  const composed = text.normalize('NFC')
  if (composed.includes('\ufffd') || !lineSchema(LONGEST_REFERENCE).safeParse(composed).success)
    throw invalid('reference', `must be one line of UTF-8 text of at most ${LONGEST_REFERENCE} characters`)
  return composed
}
