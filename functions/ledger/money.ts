import { z } from 'zod'

/** Micros per currency unit: money is a bigint count of 1/1 000 000 of a unit. */
export const MICROS_PER_UNIT = 1_000_000n

/** No single amount, and so no sum of a sensible number of them, comes near DynamoDB's 38 digits. */
export const LARGEST_AMOUNT_MICROS = 1_000_000_000_000n * MICROS_PER_UNIT

const AMOUNT_PATTERN = /^(0|[1-9]\d{0,12})(?:\.(\d{1,6}))?$/
const CURRENCIES = new Set(Intl.supportedValuesOf('currency'))

/** Digits after the point of a currency's smallest coin (JPY 0, USD 2, KWD 3), from the CLDR tables in Node's ICU. */
export function minorDigits(currency: string): number {
  const known = knownMinorDigits.get(currency)
  if (known !== undefined) return known
  const options = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
  const digits = options.maximumFractionDigits ?? 2
  knownMinorDigits.set(currency, digits)
  return digits
}

/** Asking ICU takes longer than rating a use. There are only so many currencies: it refuses what is not three letters. */
const knownMinorDigits = new Map<string, number>()

/** Reads an unsigned decimal string with at most six decimals; undefined for anything else. */
export function parseAmount(text: string): bigint | undefined {
  const match = AMOUNT_PATTERN.exec(text)
  if (!match) return undefined
  const micros = BigInt(match[1]!) * MICROS_PER_UNIT + BigInt((match[2] ?? '').padEnd(6, '0'))
  return micros <= LARGEST_AMOUNT_MICROS ? micros : undefined
}

/** Writes micros as a decimal string: exact, with at least the currency's own decimals, and a minus where due. */
export function formatAmount(amountMicros: bigint, currency: string): string {
  const absolute = amountMicros < 0n ? -amountMicros : amountMicros
  const fraction = (absolute % MICROS_PER_UNIT).toString().padStart(6, '0')
  const shown = fraction.replace(/0+$/, '').padEnd(minorDigits(currency), '0')
  const units = (absolute / MICROS_PER_UNIT).toString()
  return `${amountMicros < 0n ? '-' : ''}${units}${shown ? `.${shown}` : ''}`
}

/** Reads what `formatAmount` wrote, of any size and sign; throws on any other text. */
export function readAmount(text: string): bigint {
  const [, sign, units, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text) ?? []
  if (units === undefined) throw new Error(`${text} is not an amount`)
  const micros = BigInt(units) * MICROS_PER_UNIT + BigInt(fraction.padEnd(6, '0'))
  return sign ? -micros : micros
}

export type Money = { amount: string; currency: string }

export function money(amountMicros: bigint, currency: string): Money {
  return { amount: formatAmount(amountMicros, currency), currency }
}

export const currencySchema = z
  .string()
  .refine((code) => CURRENCIES.has(code), 'must be an ISO 4217 currency code in capitals, such as "USD"')
  .meta({ id: 'Currency', description: 'ISO 4217 code', examples: ['USD'] })

/** A decimal string from the outside, ≥ 0, as micros. */
export const amountSchema = z
  .string({ error: 'must be a decimal string such as "12.50", not a number' })
  .refine(
    (text) => parseAmount(text) !== undefined,
    'must be a decimal string ≥ 0 with at most 6 decimals and 13 digits before the point, such as "12.50"',
  )
  .meta({ description: 'decimal string, ≥ 0, at most six decimals', examples: ['12.50'] })

export const positiveAmountSchema = amountSchema.refine(
  (text) => parseAmount(text) !== 0n,
  'must be more than zero',
)

export const moneySchema = z
  .strictObject({ amount: positiveAmountSchema, currency: currencySchema })
  .meta({ id: 'PositiveMoney' })

/** Money as replies carry it: may be negative in a statement's lines. */
export const moneyReply = z
  .object({ amount: z.string().meta({ examples: ['12.345678'] }), currency: z.string() })
  .meta({ id: 'Money' })
