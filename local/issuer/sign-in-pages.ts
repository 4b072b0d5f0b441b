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
<link rel="icon" href="data:,">
<style>:root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--line:#d8dee6;--ground:#f5f7fa;--panel:#fff;--accent:#0b5fbd;--wrong:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#9aa7b6;--line:#333d4a;--ground:#14181e;--panel:#1c222b;--accent:#2f7fe0;--wrong:#ff8a80}}
*{box-sizing:border-box}body{margin:0;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}
main{max-width:28rem;margin:1rem auto;padding:1.5rem;background:var(--panel);border:1px solid var(--line);border-radius:.75rem}
h1{font-size:1.4rem;margin:0 0 1rem}ul{list-style:none;padding:0}li{margin:.35rem 0}a{color:inherit}
label,input{display:block;width:100%}input{font:inherit;color:inherit;padding:.5rem;margin:.25rem 0 1rem;border:1px solid var(--soft);border-radius:.4rem;background:var(--ground)}
button{font:inherit;padding:.45rem .9rem;margin:.2rem .3rem .2rem 0;color:#fff;background:var(--accent);border:0;border-radius:.4rem;cursor:pointer;font-variant-numeric:tabular-nums}
fieldset{margin:1rem 0;border:1px solid var(--line);border-radius:.5rem}legend{color:var(--soft)}[role=alert]{color:var(--wrong);font-weight:600}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`
}
