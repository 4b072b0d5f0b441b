import type { Answer } from '../gateway/http-answer.ts'
import { html, json, page, showInstant } from './html.ts'
import type { LocalControls } from './local-controls.ts'

/** The start page: where everything is, and how to call the API. */
export function showIndex(controls: LocalControls, wantsHtml: boolean): Answer {
  const { issuerUrl, stripeUrl } = controls
  const now = controls.clock.now().toISOString()
  if (!wantsHtml) return json({ name: 'Drawdown', now, issuer: issuerUrl, stripe: stripeUrl, links })
  const api = controls.apiUrl()
  const tokenCommand = `TOKEN=$(curl -s ${api}/local/token -H 'content-type: application/json' -d '{"client":"staff-machine"}' | node -p 'JSON.parse(require("fs").readFileSync(0)).token')`
  const callCommand = `curl -s ${api}/v1/accounts -H "authorization: Bearer $TOKEN"`
  const content = html`<p>The whole stack runs on this machine, and here it is <strong>${showInstant(now)}</strong>. <a href="/local/clock">Move the clock</a> to see what a month brings.</p>
<ul class="cards">
<li><a href="/local/accounts">Accounts</a><span>balances, statements, and a link to top up</span></li>
<li><a href="/portal">Portal</a><span>what a client's own people see</span></li>
<li><a href="/local/inbox">Inbox</a><span>every e-mail that was sent</span></li>
<li><a href="/local/clock">Clock</a><span>move time, and what falls due happens</span></li>
<li><a href="/local/queues">Queues</a><span>what waits and what failed</span></li>
<li><a href="/docs">API reference</a><span>every route, its fields and refusals; <a href="/openapi.json">OpenAPI document</a></span></li>
<li><a href="/local/token">Token</a><span>to call the API with</span></li>
<li><a href="${stripeUrl}">Payment stand-in</a><span>speaks Stripe's API; its test cards; <a href="${stripeUrl}/dashboard">dashboard</a> for refunds and disputes</span></li>
<li><a href="${issuerUrl}/.well-known/openid-configuration">Token issuer</a><span>stands in for Cognito</span></li>
</ul>
<h2>Call the API</h2>
<pre>${tokenCommand}
${callCommand}</pre>`
  return page('Drawdown on this machine', content, '/')
}

const links = {
  docs: '/docs',
  openapi: '/openapi.json',
  inbox: '/local/inbox',
  clock: '/local/clock',
  accounts: '/local/accounts',
  queues: '/local/queues',
  token: '/local/token',
  idle: '/local/idle',
}
