import type Stripe from 'stripe'
import { escapeHtml } from '../../functions/edge/escape-html.ts'
import { formatAmount } from './charge-limits.ts'
import type { CheckoutDetails } from './checkout-sessions.ts'
import { TEST_CARDS } from './test-cards.ts'

/** What this is, and the cards that it knows. */
export function startPage(): string {
  const cards = TEST_CARDS.map(
    (card) => `<li><code>${grouped(card.number)}</code> ${escapeHtml(card.label)}</li>`,
  ).join('\n')
  return page(
    'Payments on this machine',
    `<p>This is the <strong>local stand-in</strong> for Stripe. No money moves. A top-up leads to its payment page, which takes these test cards:</p>
<ul>${cards}</ul>
<p><a href="/dashboard">The dashboard</a> has what people do at Stripe by hand: refunds, disputes.</p>`,
  )
}

/** The page of a session: what is paid for or that a card is saved, a button per test card, a field for another, a way back. */
export function cardPage(
  session: Stripe.Checkout.Session,
  details: CheckoutDetails,
  problem?: string,
): string {
  const isSetup = session.mode === 'setup'
  const currency = session.currency ?? ''
  const lines = details.lines
    .map(
      (line) =>
        `<li>${escapeHtml(line.name)} × ${line.quantity}: ${formatAmount(line.amount, currency)}</li>`,
    )
    .join('')
  const cards = TEST_CARDS.map(
    (card) =>
      `<li><button type="submit" name="card_number" value="${card.number}">${grouped(card.number)}</button> ${escapeHtml(card.label)}</li>`,
  ).join('\n')
  const cancel = session.cancel_url
    ? `<p><a href="${escapeHtml(session.cancel_url)}">Cancel and go back</a></p>`
    : ''
  const verb = isSetup ? 'Save' : 'Pay'
  return page(
    isSetup ? 'Save a card' : `Pay ${formatAmount(session.amount_total ?? 0, currency)}`,
    `<p>This is the <strong>local stand-in</strong> for Stripe Checkout. No money moves.</p>
${alertOf(problem)}<ul>${lines}</ul>
<form method="post">
<fieldset><legend>${isSetup ? 'Save' : 'Pay with'} a test card</legend>
<ul>${cards}</ul></fieldset>
</form>
<form method="post">
<fieldset><legend>Or type a test card</legend>
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="email" value="${escapeHtml(session.customer_email ?? '')}">
<label for="card_number">Card number</label>
<input id="card_number" name="card_number" inputmode="numeric" autocomplete="off" required>
<label for="expiry">Expires (MM/YY), in three years if left empty</label>
<input id="expiry" name="expiry" inputmode="numeric" autocomplete="off" placeholder="12/29" pattern="(0?[1-9]|1[0-2]) */ *(20)?[0-9]{2}">
<button type="submit">${verb}</button></fieldset>
</form>
${cancel}`,
  )
}

/** The bank's page: confirm a payment, or that the card may be charged later. `amount` is null when nothing is paid. */
export function authenticationPage(amount: number | null, currency: string | null): string {
  const question =
    amount === null
      ? 'Do you agree that this card is charged later?'
      : `Do you confirm the payment of ${formatAmount(amount, currency ?? '')}?`
  return page(
    'Your bank asks you to confirm',
    `<p>This is the <strong>local stand-in</strong> for the bank's page.</p>
<p>${question}</p>
<form method="post">
<button type="submit" name="action" value="complete">Complete authentication</button>
<button type="submit" name="action" value="fail">Fail authentication</button>
</form>`,
  )
}

/** A page that only says something. */
export function messagePage(title: string, message: string): string {
  return page(title, alertOf(message))
}

/** A problem that the page names, or nothing. */
export function alertOf(problem: string | undefined): string {
  return problem ? `<p role="alert">${escapeHtml(problem)}</p>\n` : ''
}

function grouped(cardNumber: string): string {
  return cardNumber.replace(/(\d{4})(?=\d)/g, '$1 ')
}

/** A whole page of the stand-in. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Stripe (local)</title>
<link rel="icon" href="data:,">
<style>:root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--line:#d8dee6;--ground:#f5f7fa;--panel:#fff;--accent:#0b5fbd;--wrong:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#9aa7b6;--line:#333d4a;--ground:#14181e;--panel:#1c222b;--accent:#2f7fe0;--wrong:#ff8a80}}
*{box-sizing:border-box}body{margin:0;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
main{max-width:34rem;margin:1rem auto;padding:1.5rem;background:var(--panel);border:1px solid var(--line);border-radius:.75rem}
h1{font-size:1.4rem;margin:0 0 1rem}ul{list-style:none;padding:0}li{margin:.35rem 0}a{color:inherit}
label,input{display:block;width:100%}input{font:inherit;color:inherit;padding:.5rem;margin:.25rem 0 1rem;border:1px solid var(--soft);border-radius:.4rem;background:var(--ground)}
button{font:inherit;padding:.45rem .9rem;margin:.2rem .3rem .2rem 0;color:#fff;background:var(--accent);border:0;border-radius:.4rem;cursor:pointer;font-variant-numeric:tabular-nums}
fieldset{margin:1rem 0;border:1px solid var(--line);border-radius:.5rem}legend{color:var(--soft)}[role=alert]{color:var(--wrong);font-weight:600}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
${body}
</main></body></html>
`
}
