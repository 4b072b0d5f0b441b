import type { Answer } from '../gateway/http-answer.ts'
import type { LocalRequest } from '../gateway.ts'
import { html, json, page, problem, showInstant } from './html.ts'
import type { LocalControls } from './local-controls.ts'

const mostYearsAhead = 5
const exampleBody = '{"now":"2026-12-01"} or {"now":"2026-12-01T08:30:00Z"}'

/** Shows the stack's time. */
export function showClock(controls: LocalControls, wantsHtml: boolean): Answer {
  const now = controls.clock.now().toISOString()
  return wantsHtml ? clockPage(now) : json({ now })
}

/**
 * Moves the stack's time forward; answers when everything due in between is done. A date alone means noon UTC: by then
 * the date has begun everywhere from UTC−12 on. Refuses what is malformed (400), in the past (409) or over five years ahead (400).
 */
export async function moveClock(
  controls: LocalControls,
  request: LocalRequest,
  wantsHtml: boolean,
): Promise<Answer> {
  const now = controls.clock.now()
  const refuse = (status: number, code: string, detail: string): Answer =>
    wantsHtml
      ? clockPage(now.toISOString(), detail, status)
      : problem(status, code, 'The clock stays as it is', detail, 'now')
  const target = parseInstant(requestedNow(request))
  if (target === undefined)
    return refuse(
      400,
      'request_invalid',
      `now: must be a date or an instant with its offset, as in ${exampleBody}`,
    )
  if (target < now)
    return refuse(
      409,
      'clock_moves_forward_only',
      `now: ${target.toISOString()} is before the stack's ${now.toISOString()}`,
    )
  const furthest = new Date(now)
  furthest.setUTCFullYear(now.getUTCFullYear() + mostYearsAhead)
  if (target > furthest)
    return refuse(
      400,
      'request_invalid',
      `now: must be within ${mostYearsAhead} years, so until ${furthest.toISOString()}`,
    )
  await controls.advanceTo(target)
  if (wantsHtml) return { status: 303, headers: { location: '/local/clock' } }
  return json({ now: controls.clock.now().toISOString() })
}

function requestedNow(request: LocalRequest): unknown {
  const text = request.body.toString('utf8')
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(text).get('now')
  }
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && 'now' in body ? body.now : undefined
  } catch {
    return undefined
  }
}

/** Reads `2026-12-01` (noon UTC) or an RFC 3339 instant; undefined for anything else, also for a day that does not exist. */
export function parseInstant(text: unknown): Date | undefined {
  if (typeof text !== 'string') return undefined
  const trimmed = text.trim()
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/.exec(trimmed) ?? []
  if (day === undefined) return undefined
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined
  const instant = new Date(time === undefined ? `${day}T12:00:00Z` : trimmed)
  return Number.isNaN(instant.getTime()) ? undefined : instant
}

function clockPage(now: string, refusal?: string, status = 200): Answer {
  const content = html`<div class="panel">
<p class="big">${showInstant(now)}</p>
${refusal === undefined ? undefined : html`<p role="alert">${refusal}</p>`}
<form method="post" action="/local/clock">
<label for="now">Move the clock to a date (noon UTC) or an instant</label>
<input id="now" name="now" required placeholder="${dayAfter(now)}" autocomplete="off" aria-describedby="what">
<button>Move</button>
<p id="what" class="quiet">Everything due in between happens, in order: hourly runs, warnings, monthly charges. Time goes forward only; a month takes some seconds.</p>
</form>
</div>
<h2>From a shell</h2>
<pre>npm run clock -- ${dayAfter(now)}</pre>`
  return page('Clock', content, '/local/clock', status)
}

const dayAfter = (now: string): string =>
  new Date(new Date(now).getTime() + 24 * 3_600_000).toISOString().slice(0, 10)
