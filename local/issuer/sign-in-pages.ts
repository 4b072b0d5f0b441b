import { escapeHtml } from '../../functions/edge/escape-html.ts'
/** The sign-in form. It says what it is, because no password is asked for. */
export function signInPage(action: string, problem?: string, email = ''): string {
  const alert = problem ? `<p role="alert" id="problem">${escapeHtml(problem)}</p>` : ''
  const described = problem ? ' aria-invalid="true" aria-describedby="problem"' : ''
  return page(
    'Sign in',
    `<p>This is the <strong>local stand-in</strong> for the sign-in service, on this machine only. No password is
asked for: whoever you say you are, you are signed in.</p>
${alert}<form method="post" action="${escapeHtml(action)}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="email" required maxlength="254" autofocus value="${escapeHtml(email)}"${described}>
<button type="submit">Sign in</button>
</form>`,
  )
}

/** Asks before signing out; `form` is the provider's own form, with its protection against forged requests. */
export function signOutPage(form: string): string {
  return page(
    'Sign out',
    `${form}<p>Do you want to sign out?</p>
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Yes, sign out</button>
<button type="submit" form="op.logoutForm">No, stay signed in</button>`,
  )
}

/** Shown after sign-out when the portal gave no page to go back to. */
export function signedOutPage(): string {
  return page('Signed out', '<p>You are signed out.</p>')
}

/** What went wrong with a request, in the words of OAuth 2. */
export function errorPage(error: string, description?: string): string {
  return page(
    'Sign-in failed',
    `<p role="alert">${escapeHtml(description ?? error)} (${escapeHtml(error)})</p>`,
  )
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Drawdown (local)</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
label,input{display:block;width:100%;box-sizing:border-box}input{font:inherit;padding:.5rem;margin:.25rem 0 1rem;border:1px solid #555}
button{font:inherit;padding:.5rem 1rem}[role=alert]{color:#a40000;font-weight:600}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`
}
