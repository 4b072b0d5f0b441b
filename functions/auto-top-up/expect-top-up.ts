import { type AutoTopUpSeen, decideAutoTopUp, wantedMicros } from './decide-auto-top-up.ts'

/**
 * Whether automatic top-up will cover what is missing: it is on, the card is there, the month's cap allows the amount, and
 * one payment suffices; or one that is under way does. Decided as the charge itself is, but for the wait for a cooldown or
 * for the payment that is under way, whose amount has to be among `pendingMicros`.
 */
export function willBeToppedUp(seen: AutoTopUpSeen): boolean {
  const document = { ...seen.document, inFlight: undefined }
  const decision = decideAutoTopUp({ ...seen, document, isCooldownWaived: true })
  if (decision.kind === 'charge') return decision.amountMicros >= wantedMicros(seen)
  return decision.kind === 'nothing' && decision.why === 'covered'
}
