const KIND_NAMES: Record<string, string> = {
  usage: 'Usage',
  charge: 'Charge',
  plan: 'Service plan',
  plan_short: 'Service plan',
  credit: 'Credit',
  reversal: 'Correction',
  refund: 'Refund',
  expiry: 'Expired',
}

/** What a line of a statement is about, for people. A top-up's reason says it all. */
export function describeLine({ kind, reason }: { kind: string; reason: string }): string {
  const name = KIND_NAMES[kind]
  return name === undefined ? reason : `${name}: ${reason}`
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
