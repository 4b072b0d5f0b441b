import { invalidRequest } from './stripe-problem.ts'

/** In these currencies an amount counts whole units (Stripe, "Supported currencies": zero-decimal currencies). */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))
/** An amount counts thousandths, and card networks take hundredths: the last digit must be 0. */
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '))
/** Written with two decimals for compatibility although the currency has none left: the last two digits must be 0. */
const WHOLE_UNITS_WITH_TWO_DECIMALS = new Set('isk ugx'.split(' '))

/** The least that can be charged, in minor units (Stripe, "Supported currencies": minimum charge amounts). */
const MINIMUM: Record<string, number> = {
  usd: 50,
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
}

const LARGEST_AMOUNT = 99_999_999

/** Whether the currency is one of ISO 4217 that this stand-in can show. */
export function requireCurrency(currency: string, param: string): void {
  if (Intl.supportedValuesOf('currency').includes(currency.toUpperCase())) return
  throw invalidRequest(`Invalid currency: ${currency}.`, param, 'parameter_invalid_currency')
}

/** Refuses an amount (in the currency's minor units) that no card can be charged; 400 as Stripe answers it. */
export function requireChargeable(amount: number, currency: string, param: string): void {
  if (amount < 1)
    throw invalidRequest('This value must be greater than or equal to 1.', param, 'parameter_invalid_integer')
  const least = MINIMUM[currency] ?? 1
  if (amount < least) {
    throw invalidRequest(
      `Amount must be at least ${formatAmount(least, currency)}`,
      param,
      'amount_too_small',
    )
  }
  if (amount > LARGEST_AMOUNT) {
    throw invalidRequest(
      `Amount must be no more than ${formatAmount(LARGEST_AMOUNT, currency)}`,
      param,
      'amount_too_large',
    )
  }
  const step = THREE_DECIMAL.has(currency) ? 10 : WHOLE_UNITS_WITH_TWO_DECIMALS.has(currency) ? 100 : 1
  if (amount % step !== 0) {
    throw invalidRequest(`Invalid amount: in ${currency} it must be evenly divisible by ${step}.`, param)
  }
}

/** An amount of minor units as people read it: `12.50 USD`, `1250 JPY`, `1.250 KWD`. */
export function formatAmount(amount: number, currency: string): string {
  const digits = ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2
  const padded = String(amount).padStart(digits + 1, '0')
  const number = digits === 0 ? padded : `${padded.slice(0, -digits)}.${padded.slice(-digits)}`
  return `${number} ${currency.toUpperCase()}`
}
