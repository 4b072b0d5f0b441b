import { AUTO_TOP_UP_MEANINGS, AUTO_TOP_UP_TRANSITIONS } from '../../functions/auto-top-up/auto-top-up.ts'
import { CARD_MEANINGS, CARD_TRANSITIONS } from '../../functions/cards/cards.ts'
import { DISPUTE_MEANINGS, DISPUTE_TRANSITIONS, MISMATCHES } from '../../functions/disputes/dispute.ts'
import { REFUND_MEANINGS, REFUND_TRANSITIONS } from '../../functions/refunds/refund.ts'
import { TOP_UP_MEANINGS, TOP_UP_TRANSITIONS } from '../../functions/top-up/top-up.ts'

type Transitions = Record<string, readonly string[]>
/** `created → settled`, for each that the code allows. */
type TransitionOf<Table extends Transitions> = {
  [From in keyof Table & string]: `${From} → ${Table[From][number]}`
}[keyof Table & string]

/** Who or what brings each transition about: the compiler misses none and takes no other. */
type Causes<Table extends Transitions> = Record<TransitionOf<Table>, string>

const PAID = 'the provider: it is paid, as asked'
const MISMATCHED = 'the provider: it is paid, and not as asked; or the account is closed'
const GAVE_UP = 'the provider, after we had given up: it was paid all the same, as asked'

const topUpCauses: Causes<typeof TOP_UP_TRANSITIONS> = {
  'created → processing': 'we, when the provider has taken it; or the schedule, when it finds it there',
  'created → settled': 'the provider, before we could note that it has it',
  'created → failed': 'the provider: the card is declined, or the payment refused',
  'created → expired':
    'we: it was not begun within 23 hours, or an automatic one was switched off before; or the provider',
  'created → mismatched': MISMATCHED,
  'processing → settled': PAID,
  'processing → failed': 'the provider: the card is declined, or its bank did not pay',
  'processing → expired': 'the provider: its payment page is over',
  'processing → mismatched': MISMATCHED,
  'failed → processing':
    'we, for a manual one: the bank wants to ask the card’s holder, and a payment page was opened',
  'failed → settled': GAVE_UP,
  'failed → mismatched': MISMATCHED,
  'expired → settled': GAVE_UP,
  'expired → mismatched': MISMATCHED,
}

const refundCauses: Causes<typeof REFUND_TRANSITIONS> = {
  'awaiting_approval → rejected': 'a second person of staff, or who asked for it',
  'awaiting_approval → asked': 'a second person of staff approves it, and its credit is taken',
  'asked → succeeded': 'the provider: the money is on its way to the card',
  'asked → failed': 'the provider: it refuses, or the money did not arrive; the credit is back',
  'succeeded → failed': 'the provider: the card’s bank has sent the money back; the credit is back',
}

const bankDecides = {
  won: 'the card’s bank, or its network: decided for us',
  lost: 'the card’s bank, or its network: decided against us, or nobody answered in time',
}
const disputeCauses: Causes<typeof DISPUTE_TRANSITIONS> = {
  'inquiry → open': 'the card’s bank takes the amount',
  'inquiry → won': bankDecides.won,
  'inquiry → lost': bankDecides.lost,
  'inquiry → closed': 'the card’s bank asks no more',
  'open → won': bankDecides.won,
  'open → lost': bankDecides.lost,
  'won → open': 'the decision is appealed: the amount is taken once more',
  'won → lost': bankDecides.lost,
  'lost → open': 'the decision is appealed',
  'lost → won': 'the card’s bank withdraws it, or an appeal is won',
  'closed → inquiry': 'the card’s bank asks once more',
  'closed → open': 'the card’s bank takes the amount',
  'closed → won': bankDecides.won,
  'closed → lost': bankDecides.lost,
}

const autoTopUpCauses: Causes<typeof AUTO_TOP_UP_TRANSITIONS> = {
  'off → on': 'the client agrees',
  'on → off': 'the client, a dispute, or a refund to the card that leaves less than the threshold',
  'on → paused': 'a charge that failed',
  'on → disabled': 'the third charge in a row that failed',
  'paused → on':
    'the client pays by hand, agrees anew, or, where the card failed (declined, or its bank wants to ask its holder), changes the default card; or the charge that failed is paid after all',
  'paused → off': 'the client, a dispute, or a refund to the card that leaves less than the threshold',
  'disabled → on':
    'the default card changes, or the client agrees anew with another one; or the charge that failed last is paid after all',
  'disabled → off': 'the client, a dispute, or a refund to the card that leaves less than the threshold',
}

const cardCauses: Causes<typeof CARD_TRANSITIONS> = {
  'kept → removing': 'the client removes it, or saves the same card once more',
}

/** The page of every state and transition of what payments are made of. A new table of transitions is a further line. */
export function renderPaymentsPage(): string {
  return `# Payments

Every state of a payment and of what may become of it, and who brings each change about. Anything else cannot be written: each change is on the condition of the state that was read. Whoever is said to bring a change about may do so twice, late, or in any order: what is not in the table changes nothing.

“The provider” is its signed event, or its answer to the schedule that asks each quarter of an hour about what nobody told of. Both go the same way. [architecture.md](architecture.md#money-in) has that way, [payment-providers.md](payment-providers.md) what the provider has to do.

${section('Top-ups', TOP_UP_MEANINGS, TOP_UP_TRANSITIONS, topUpCauses)}
${section('Refunds to the card', REFUND_MEANINGS, REFUND_TRANSITIONS, refundCauses)}
${section('Disputes', DISPUTE_MEANINGS, DISPUTE_TRANSITIONS, disputeCauses)}
A dispute that does not match says so, for staff to look at:

| mismatch | what it means |
|---|---|
${rowsOf(MISMATCHES)}

${section('Automatic top-up', AUTO_TOP_UP_MEANINGS, AUTO_TOP_UP_TRANSITIONS, autoTopUpCauses)}
${section('Saved cards', CARD_MEANINGS, CARD_TRANSITIONS, cardCauses)}`
}

function section(
  title: string,
  meanings: Record<string, string>,
  transitions: Transitions,
  causes: Record<string, string>,
): string {
  const changes = Object.entries(transitions).flatMap(([from, tos]) =>
    tos.map((to) => `| \`${from}\` | \`${to}\` | ${causes[`${from} → ${to}`]} |`),
  )
  return `## ${title}

| state | what it means |
|---|---|
${rowsOf(meanings)}

| from | to | by whom |
|---|---|---|
${changes.join('\n')}
`
}

const rowsOf = (meanings: Record<string, string>) =>
  Object.entries(meanings)
    .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
    .join('\n')
