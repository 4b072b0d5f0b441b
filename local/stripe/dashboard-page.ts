import type Stripe from 'stripe'
import { escapeHtml } from '../../functions/edge/escape-html.ts'
import { formatAmount } from './charge-limits.ts'
import { alertOf, page } from './payment-pages.ts'
import type { StripeWorld } from './stripe-world.ts'

/** How many payments are shown, the newest first. */
const SHOWN = 50

/** The payments with their refunds and disputes, and a button for each thing that can happen to them at Stripe. */
export function dashboardPage(world: StripeWorld, problem?: string): string {
  const intents = world.store.list<Stripe.PaymentIntent>('payment_intent').reverse().slice(0, SHOWN)
  const payments = intents.map((intent) => paymentOf(world, intent)).join('\n')
  return page(
    'Dashboard',
    `<p>What staff, cardholders and banks do at Stripe without the project. This is the <strong>local stand-in</strong>; no money moves.</p>
${alertOf(problem)}${payments || '<p>There is no payment yet.</p>'}`,
  )
}

function paymentOf(world: StripeWorld, intent: Stripe.PaymentIntent): string {
  const amount = formatAmount(intent.amount, intent.currency)
  const where = { payment_intent: intent.id }
  const refunds = world.store.list<Stripe.Refund>('refund', where).map(refundOf).join('')
  const disputes = world.store.list<Stripe.Dispute>('dispute', where).map(disputeOf).join('')
  return `<fieldset><legend>${amount}, ${intent.status}</legend>
<code>${escapeHtml(intent.id)}</code>
${actionsOf(intent)}<ul>${refunds}${disputes}</ul></fieldset>`
}

function actionsOf(intent: Stripe.PaymentIntent): string {
  if (intent.status === 'processing')
    return formOf(intent.id, [
      ['pay', 'Money arrives'],
      ['fail', 'Money does not arrive'],
    ])
  if (intent.status !== 'succeeded') return ''
  const buttons: [string, string][] = [
    ['refund', 'Refund'],
    ['dispute', 'Dispute'],
    ['inquire', 'Inquire'],
  ]
  return formOf(intent.id, buttons, { id: `amount_${intent.id}`, currency: intent.currency })
}

function refundOf(refund: Stripe.Refund): string {
  const buttons: [string, string][] = []
  if (refund.status === 'pending') buttons.push(['succeed_refund', 'Succeeds'])
  if (refund.status === 'pending' || refund.status === 'succeeded') buttons.push(['fail_refund', 'Fails'])
  const amount = formatAmount(refund.amount, refund.currency)
  return `<li>Refund of ${amount}, ${escapeHtml(refund.status ?? '')} ${formOf(refund.id, buttons)}</li>`
}

function disputeOf(dispute: Stripe.Dispute): string {
  const buttons: [string, string][] = []
  if (/^warning_(needs|under)/.test(dispute.status))
    buttons.push(['escalate', 'Becomes a dispute'], ['close', 'Ends'])
  if (/^(needs|under)/.test(dispute.status)) buttons.push(['win', 'Is won'], ['lose', 'Is lost'])
  const amount = formatAmount(dispute.amount, dispute.currency)
  return `<li>Dispute of ${amount}, ${escapeHtml(dispute.status)} ${formOf(dispute.id, buttons)}</li>`
}

/** A form about one object, with a field for an amount in minor units where one can be named. */
function formOf(
  objectId: string,
  buttons: [action: string, label: string][],
  amount?: { id: string; currency: string },
): string {
  if (buttons.length === 0) return ''
  const field = amount
    ? `<label for="${amount.id}">Amount in minor units of ${amount.currency.toUpperCase()}, all if left empty</label>
<input id="${amount.id}" name="amount" inputmode="numeric" pattern="[0-9]*" autocomplete="off">`
    : ''
  const choices = buttons
    .map(([action, label]) => `<button type="submit" name="action" value="${action}">${label}</button>`)
    .join('')
  return `<form method="post"><input type="hidden" name="id" value="${escapeHtml(objectId)}">${field}${choices}</form>`
}
