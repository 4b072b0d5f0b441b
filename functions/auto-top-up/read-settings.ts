import type { z } from 'zod'
import type { Account } from '../accounts/account.ts'
import { invalidField, wrongCurrency } from '../edge/problem.ts'
import { formatAmount, parseAmount } from '../ledger/money.ts'
import { cardStepMicros, refuseTopUpAmount } from '../top-up/top-up-amount.ts'
import type { autoTopUpBody } from './auto-top-up.api.ts'
import type { AutoTopUpSettings } from './auto-top-up.ts'

export type AutoTopUpRequest = z.output<typeof autoTopUpBody>

/**
 * The settings that a request asks for. Throws the problem that names the field: every amount must be one that a card can
 * pay, the threshold below the target, and the cap enough for one charge.
 */
export function readSettings(
  { currency }: Pick<Account, 'currency'>,
  body: AutoTopUpRequest,
): AutoTopUpSettings {
  if (body.currency !== currency) throw wrongCurrency(currency)
  const [thresholdMicros, monthlyCapMicros] = [parseAmount(body.threshold)!, parseAmount(body.monthlyCap)!]
  const [targetMicros, amountMicros] = [parseOptional(body.target), parseOptional(body.amount)]
  refuseOddCoins('threshold', thresholdMicros, currency)
  refuseOddCoins('monthlyCap', monthlyCapMicros, currency)
  if (targetMicros !== undefined) refuseCharge('target', targetMicros, currency)
  if (amountMicros !== undefined) refuseCharge('amount', amountMicros, currency)
  if (targetMicros !== undefined && targetMicros <= thresholdMicros)
    throw invalidField('target', 'must be more than the threshold')
  const largestMicros = targetMicros ?? amountMicros!
  if (monthlyCapMicros < largestMicros)
    throw invalidField('monthlyCap', `must be enough for one charge of ${shown(largestMicros, currency)}`)
  return { thresholdMicros, targetMicros, amountMicros, monthlyCapMicros }
}

function refuseCharge(field: string, amountMicros: bigint, currency: string): void {
  const detail = refuseTopUpAmount(amountMicros, currency)
  if (detail) throw invalidField(field, detail)
}

function refuseOddCoins(field: string, amountMicros: bigint, currency: string): void {
  const step = cardStepMicros(currency)
  if (amountMicros % step !== 0n)
    throw invalidField(field, `must be a multiple of ${shown(step, currency)}: cards pay no smaller part`)
}

function parseOptional(amount: string | undefined): bigint | undefined {
  return amount === undefined ? undefined : parseAmount(amount)
}

function shown(amountMicros: bigint, currency: string): string {
  return `${formatAmount(amountMicros, currency)} ${currency}`
}
