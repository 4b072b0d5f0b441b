const KIND_NAMES: Record<string, string> = {
  usage: 'Usage',
  charge: 'Charge',
  plan: 'Service plan',
  plan_short: 'Service plan',
  plan_change: 'Service plan',
  plan_credit: 'Service plan',
  plan_stop: 'Service plan',
  plan_resume: 'Service plan',
  ring_fence: 'Ring-fence',
  credit: 'Credit',
  reversal: 'Correction',
  gap_release: 'Missing usage given up',
  refund: 'Refund',
  top_up_refund: 'Refund to card',
  top_up_refund_failed: 'Refund to card that failed',
  expiry: 'Expired',
  hold: 'Held for a session',
  capture: 'Session',
  release: 'Session that was not charged',
  dispute: 'Disputed payment',
  dispute_won: 'Disputed payment',
}

/**
 * What a line of a statement is about, for people. A top-up's reason says it all. A line that sets credit aside, or gives
 * it back, says how much: the balance changes by it, and the amount does not say so. So does one that changes what is owed.
 */
export function describeLine(line: {
  kind: string
  reason: string
  held?: { amount: string }
  owed?: { amount: string }
}): string {
  const { kind, reason, held, owed } = line
  const name = KIND_NAMES[kind]
  const what = name === undefined ? reason : `${name}: ${reason}`
  if (owed) return `${what} (${describeOwed(owed.amount)})`
  if (!held) return what
  const isBack = held.amount.startsWith('-')
  const amount = isBack ? held.amount.slice(1) : held.amount
  if (kind === 'plan') return `${what} (${amount} of it had been set aside)`
  if (kind === 'ring_fence') return `${what} (${amount} ${isBack ? 'available again' : 'set aside'})`
  return isBack ? `${what} (${amount} held until now)` : `${what} (${amount} held)`
}

function describeOwed(amount: string): string {
  return amount.startsWith('-') ? `${amount.slice(1)} of it paid what was owed` : `${amount} of it owed`
}

/** What one use was, for people, such as `call to 12025550123, 60 s`, and why it was refused. */
export function describeUse(use: {
  service: string
  reason?: string
  explanation?: { seconds?: string; quantity?: string; rateDeck?: { destination: string } }
}): string {
  const { seconds, quantity, rateDeck } = use.explanation ?? {}
  const amounts = [quantity && `${quantity} ×`, use.service, rateDeck && `to ${rateDeck.destination}`]
  const what = amounts.filter(Boolean).join(' ')
  const why = use.reason === undefined ? '' : ` (${use.reason.replaceAll('_', ' ')})`
  return `${what}${seconds ? `, ${seconds} s` : ''}${why}`
}

/** What a use changed the balance by, as a signed amount: nothing where it was free. */
export function signUse(amount: string): string {
  return /[1-9]/.test(amount) ? `-${amount}` : amount
}
