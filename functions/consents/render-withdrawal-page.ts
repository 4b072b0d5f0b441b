import { escapeHtml } from '../edge/escape-html.ts'
import { renderTermsPage } from '../terms/render-terms-page.ts'
import { type Purpose, titleOf } from './purposes.ts'

/** The words on the button; they are kept with the decision. */
export const WITHDRAW = 'Stop these e-mails'

/** Asks to confirm by a button: programs that look through mail follow links, and press nothing. */
export function renderWithdrawalPage(purpose: Purpose): string {
  const what = escapeHtml(titleOf(purpose))
  return page(
    `Stop e-mails: ${titleOf(purpose)}`,
    `<p>You will get no more e-mails about: <strong>${what}</strong>. What you must know about your accounts is sent as before.</p>
<form method="post"><p><button type="submit">${WITHDRAW}</button></p></form>`,
  )
}

export function renderWithdrawn(purpose: Purpose): string {
  const what = escapeHtml(titleOf(purpose))
  return page(
    'It is done',
    `<p>You will get no more e-mails about: <strong>${what}</strong>. You may close this page.</p>`,
  )
}

export function renderBadLink(): string {
  return page(
    'This link is not complete',
    '<p>Please open the link as it stands in the e-mail, or sign in and withdraw there.</p>',
  )
}

function page(title: string, content: string): string {
  return renderTermsPage({ language: 'en', title, facts: '', content })
}
