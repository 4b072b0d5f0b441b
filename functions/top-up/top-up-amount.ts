import { formatAmount, MICROS_PER_UNIT, minorDigits, parseAmount } from '../ledger/money.ts'

/**
 * How Stripe writes amounts, from https://docs.stripe.com/currencies: whole units for these currencies, thousandths for the
 * next, hundredths for all others.
 */
const ZERO_DECIMAL = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
const THREE_DECIMAL = new Set('BHD JOD KWD OMR TND'.split(' '))
/** Written in hundredths although there are none: only whole units can be paid. */
const WHOLE_UNITS_ONLY = new Set('ISK UGX'.split(' '))

/**
 * The least that Stripe charges (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). Where it names no
 * amount it wants the worth of 0.50 USD; those with three decimals are set near it, any other currency to one unit.
 */
const MINIMUM: Record<string, string> = {
  USD: '0.50',
  AED: '2.00',
  AUD: '0.50',
  BGN: '1.00',
  BHD: '0.200',
  BRL: '0.50',
  CAD: '0.50',
  CHF: '0.50',
  CZK: '15.00',
  DKK: '2.50',
  EUR: '0.50',
  GBP: '0.30',
  HKD: '4.00',
  HUF: '175.00',
  INR: '0.50',
  JOD: '0.400',
  JPY: '50',
  KWD: '0.200',
  MXN: '10.00',
  MYR: '2.00',
  NOK: '3.00',
  NZD: '0.50',
  OMR: '0.200',
  PLN: '2.00',
  RON: '2.00',
  SEK: '3.00',
  SGD: '0.50',
  THB: '10.00',
  TND: '2.000',
}
const USUAL_MINIMUM = '1'

/** Our own limit for one payment: 20 000 times the minimum (10 000.00 USD), and never more than Stripe's eight digits. */
const MINIMUMS_IN_MAXIMUM = 20_000n
const LARGEST_PROVIDER_AMOUNT = 99_999_999n

/** One person alone refunds at most so many times the minimum of one top-up: 500.00 USD. */
const MINIMUMS_IN_UNAPPROVED_REFUND = 1_000n

/** The smallest step in which a card can be charged, in micros: 1 JPY, 0.01 USD, 0.010 KWD. */
export function cardStepMicros(currency: string): bigint {
  const providerStep =
    ZERO_DECIMAL.has(currency) || WHOLE_UNITS_ONLY.has(currency) ? MICROS_PER_UNIT : MICROS_PER_UNIT / 100n
  const coin = MICROS_PER_UNIT / 10n ** BigInt(minorDigits(currency))
  return coin > providerStep ? coin : providerStep
}

function providerUnitMicros(currency: string): bigint {
  if (ZERO_DECIMAL.has(currency)) return MICROS_PER_UNIT
  return THREE_DECIMAL.has(currency) ? MICROS_PER_UNIT / 1000n : MICROS_PER_UNIT / 100n
}

/** The least and the most that one top-up may have, in micros. */
export function topUpLimits(currency: string): { minimumMicros: bigint; maximumMicros: bigint } {
  const minimumMicros = parseAmount(MINIMUM[currency] ?? USUAL_MINIMUM)!
  const ours = minimumMicros * MINIMUMS_IN_MAXIMUM
  const step = cardStepMicros(currency)
  const most = ((LARGEST_PROVIDER_AMOUNT * providerUnitMicros(currency)) / step) * step
  return { minimumMicros, maximumMicros: ours < most ? ours : most }
}

/** What one person may refund of a top-up without another's approval, in micros. */
export function refundApprovalLimit(currency: string): bigint {
  return topUpLimits(currency).minimumMicros * MINIMUMS_IN_UNAPPROVED_REFUND
}

/**
 * What to ask a card for so that a shortfall is covered: rounded up to what a card can pay, raised to the least top-up,
 * and at most the largest one.
 */
export function topUpAmountFor(shortfallMicros: bigint, currency: string): bigint {
  const { minimumMicros, maximumMicros } = topUpLimits(currency)
  const step = cardStepMicros(currency)
  const rounded = ((shortfallMicros + step - 1n) / step) * step
  if (rounded < minimumMicros) return minimumMicros
  return rounded < maximumMicros ? rounded : maximumMicros
}

/** Why an amount cannot be topped up; undefined when it can. */
export function refuseTopUpAmount(amountMicros: bigint, currency: string): string | undefined {
  const shown = (micros: bigint) => `${formatAmount(micros, currency)} ${currency}`
  const { minimumMicros, maximumMicros } = topUpLimits(currency)
  if (amountMicros < minimumMicros) return `must be at least ${shown(minimumMicros)}`
  if (amountMicros > maximumMicros) return `must be at most ${shown(maximumMicros)}`
  const step = cardStepMicros(currency)
  if (amountMicros % step !== 0n) return `must be a multiple of ${shown(step)}: cards pay no smaller part`
  return undefined
}

/** An amount as Stripe counts it: `1250` for 12.50 USD, 1 250 JPY and 1.250 KWD. It must be one that a card can pay. */
export function toProviderAmount(amountMicros: bigint, currency: string): number {
  if (amountMicros % cardStepMicros(currency) !== 0n)
    throw new Error(`no card pays ${amountMicros} micros of ${currency}`)
  return Number(amountMicros / providerUnitMicros(currency))
}

/** The other way round. */
export function fromProviderAmount(amount: number, currency: string): bigint {
  return BigInt(amount) * providerUnitMicros(currency)
}
