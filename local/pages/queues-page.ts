import type { Answer } from '../gateway/http-answer.ts'
import type { LocalRequest } from '../gateway.ts'
import { type Html, html, json, page, problem } from './html.ts'
import type { LocalControls } from './local-controls.ts'

/** Shows how many messages each queue holds. */
export function showQueues(controls: LocalControls, wantsHtml: boolean): Answer {
  const queues = controls.queueNames.map((name) => ({
    name,
    holdsFailures: controls.sqs.holdsFailures(name),
    ...controls.sqs.depth(name),
  }))
  if (!wantsHtml) return json({ queues })
  const content = html`<table>
<caption>Messages now. What failed too often waits in a queue of its own, until it is sent back.</caption>
<thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">In work</th><th scope="col" class="number">Delayed</th><th scope="col">Failures</th></tr></thead>
<tbody>${queues.map(queueRow)}</tbody>
</table>`
  return page('Queues', content, '/local/queues')
}

type Row = { name: string; holdsFailures: boolean; visible: number; inFlight: number; delayed: number }

function queueRow(queue: Row): Html {
  const action =
    queue.holdsFailures && queue.visible > 0
      ? html`<form method="post" action="/local/queues"><input type="hidden" name="redrive" value="${queue.name}"><button>Send back</button></form>`
      : undefined
  const failures = queue.holdsFailures ? (queue.visible > 0 ? 'failed ' : 'none') : undefined
  return html`<tr><th scope="row">${queue.name}</th><td class="number" data-label="Waiting">${queue.visible}</td><td class="number" data-label="In work">${queue.inFlight}</td><td class="number" data-label="Delayed">${queue.delayed}</td><td>${failures}${action}</td></tr>`
}

/** Sends a dead-letter queue's messages back to where they came from: `{"redrive":"<queue name>"}`. */
export function redriveQueue(controls: LocalControls, request: LocalRequest, wantsHtml: boolean): Answer {
  const name = requestedQueue(request)
  if (name === undefined || !controls.queueNames.includes(name) || !controls.sqs.holdsFailures(name)) {
    return problem(
      400,
      'request_invalid',
      'Nothing was sent back',
      'redrive: must be the name of a queue that holds failures',
      'redrive',
    )
  }
  const moved = controls.sqs.redrive(name)
  return wantsHtml ? { status: 303, headers: { location: '/local/queues' } } : json({ moved })
}

function requestedQueue(request: LocalRequest): string | undefined {
  const text = request.body.toString('utf8')
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams(text).get('redrive') ?? undefined
  }
  try {
    const { redrive } = JSON.parse(text) as { redrive?: unknown }
    return typeof redrive === 'string' ? redrive : undefined
  } catch {
    return undefined
  }
}
