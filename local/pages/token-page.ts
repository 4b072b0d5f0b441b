import type { Answer } from '../gateway/http-answer.ts'
import type { LocalRequest } from '../gateway.ts'
import { STAFF } from '../issuer/people.ts'
import { type Html, html, json, page, problem } from './html.ts'
import type { LocalControls } from './local-controls.ts'

/** Says how to get a token; a browser gets a form for it. */
export function showToken(controls: LocalControls, wantsHtml: boolean): Answer {
  if (wantsHtml) return tokenPage(controls)
  return json({
    post: [
      ...[{ client: 'staff-machine' }, { client: 'usage-machine' }, { email: 'owner@example.com' }],
      ...STAFF.map((email) => ({ email })),
    ],
  })
}

/**
 * Gives a bearer token to whoever sits at this machine: `{"email":"…"}` for a person, `{"client":"staff-machine"}` or
 * `{"client":"usage-machine"}` for the operator's machines.
 */
export async function giveToken(
  controls: LocalControls,
  request: LocalRequest,
  wantsHtml: boolean,
): Promise<Answer> {
  const { email, client } = parse(request)
  const refuse = (field: string, detail: string): Answer =>
    wantsHtml
      ? tokenPage(controls, html`<p role="alert">${field}: ${detail}</p>`, 400)
      : problem(400, 'request_invalid', 'No token was given', `${field}: ${detail}`, field)
  const isMachine = client === 'staff-machine' || client === 'usage-machine'
  if (client !== undefined && !isMachine) return refuse('client', 'must be staff-machine or usage-machine')
  if (!isMachine && (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email)))
    return refuse('email', 'must be an e-mail address')
  const token =
    client === 'staff-machine'
      ? await controls.staffToken()
      : client === 'usage-machine'
        ? await controls.usageToken()
        : await controls.personToken(email as string)
  if (!wantsHtml) return json({ token })
  const holder = isMachine ? client : String(email)
  return tokenPage(controls, html`<h2>For ${holder}</h2><pre>${token}</pre>`)
}

function tokenPage(controls: LocalControls, outcome?: Html, status = 200): Answer {
  const content = html`${outcome}
<form class="panel" method="post" action="/local/token">
<p>A bearer token for the API, as one of the operator's machines:</p>
<button name="client" value="staff-machine">Staff</button>
<button name="client" value="usage-machine">A machine that sends usage</button>
</form>
<form class="panel" method="post" action="/local/token">
<label for="email">Or as a person; a client's people are known by their e-mail address</label>
<input id="email" name="email" type="email" required autocomplete="off" placeholder="owner@example.com">
<button>This person</button>
<p>Of the operator's staff are ${STAFF.join(' and ')}: what one asks for, the other may approve.</p>
</form>
<h2>From a shell</h2>
<pre>curl -s ${controls.apiUrl()}/local/token -H 'content-type: application/json' -d '{"client":"staff-machine"}'</pre>`
  return page('Token', content, '/local/token', status)
}

function parse({ body, headers }: LocalRequest): { email?: unknown; client?: unknown } {
  const text = body.toString('utf8')
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(text))
  }
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}
