import type { Answer } from './gateway/http-answer.ts'
import { isThisMachine, type LocalRequest } from './gateway.ts'
import { showAccount, showAccounts } from './pages/accounts-page.ts'
import { moveClock, showClock } from './pages/clock-page.ts'
import { html, json, page, pageHeaders, problem } from './pages/html.ts'
import { showIndex } from './pages/index-page.ts'
import type { LocalControls } from './pages/local-controls.ts'
import { redriveQueue, showQueues } from './pages/queues-page.ts'
import { stylesheet } from './pages/stylesheet.ts'
import { giveToken, showToken } from './pages/token-page.ts'

export type { Idleness, LocalControls } from './pages/local-controls.ts'

type Page = (request: LocalRequest, wantsHtml: boolean) => Answer | Promise<Answer | undefined>

/**
 * Answers what exists on this machine alone: `/` and everything under `/local/`; undefined for every other path. Pages come as HTML
 * where `Accept` asks for it, as JSON otherwise. A POST that another site's page makes a browser send is refused.
 */
export function localPages(controls: LocalControls): (request: LocalRequest) => Promise<Answer | undefined> {
  const pages = pagesOf(controls)
  return async (request) => {
    if (request.path !== '/' && !request.path.startsWith('/local/')) return undefined
    const wantsHtml = request.headers.accept?.includes('text/html') === true
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const { route, found } = findPage(pages, method, request.path)
    if (found === undefined) {
      return route === undefined
        ? notFound(wantsHtml)
        : problem(405, 'method_not_allowed', `${request.path} has no ${method}`)
    }
    if (method === 'POST' && isForeign(request))
      return problem(403, 'foreign_origin', 'Another site sent this')
    return (await found(request, wantsHtml)) ?? notFound(wantsHtml)
  }
}

function notFound(wantsHtml: boolean): Answer {
  if (!wantsHtml) return problem(404, 'not_found', 'There is nothing here')
  return page(
    'There is nothing here',
    html`<p><a href="/">The start page</a> leads to what there is.</p>`,
    undefined,
    404,
  )
}

function findPage(pages: Record<string, Page>, method: string, path: string) {
  const parent = `${path.slice(0, path.lastIndexOf('/'))}/{id}`
  const route = ['GET', 'POST']
    .flatMap((known) => [`${known} ${path}`, `${known} ${parent}`])
    .find((key) => key in pages)
  return { route, found: pages[`${method} ${path}`] ?? pages[`${method} ${parent}`] }
}

function isForeign(request: LocalRequest): boolean {
  const { origin } = request.headers
  if (origin === undefined) return false
  return (
    !URL.canParse(origin) ||
    new URL(origin).host !== request.headers.host ||
    !isThisMachine(new URL(origin).host)
  )
}

const lastSegment = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

function pagesOf(controls: LocalControls): Record<string, Page> {
  const { ses } = controls
  return {
    'GET /': (_request, wantsHtml) => showIndex(controls, wantsHtml),
    'GET /local/style.css': () => ({
      status: 200,
      headers: { 'content-type': 'text/css; charset=utf-8', 'x-content-type-options': 'nosniff' },
      body: stylesheet,
    }),
    'GET /local/clock': (_request, wantsHtml) => showClock(controls, wantsHtml),
    'POST /local/clock': (request, wantsHtml) => moveClock(controls, request, wantsHtml),
    'GET /local/idle': () => json(controls.idleness()),
    'GET /local/queues': (_request, wantsHtml) => showQueues(controls, wantsHtml),
    'POST /local/queues': (request, wantsHtml) => redriveQueue(controls, request, wantsHtml),
    'GET /local/token': (_request, wantsHtml) => showToken(controls, wantsHtml),
    'POST /local/token': (request, wantsHtml) => giveToken(controls, request, wantsHtml),
    'GET /local/accounts': (_request, wantsHtml) => showAccounts(controls, wantsHtml),
    'GET /local/accounts/{id}': ({ path }, wantsHtml) => showAccount(controls, lastSegment(path), wantsHtml),
    'GET /local/inbox': (_request, wantsHtml) =>
      wantsHtml ? mailPage(ses.inboxPage()) : json({ messages: ses.list() }),
    'GET /local/inbox/{id}': async ({ path }, wantsHtml) => {
      if (!wantsHtml) {
        const found = await ses.read(lastSegment(path))
        return found === undefined ? undefined : json(found)
      }
      const document = await ses.messagePage(lastSegment(path))
      return document === undefined ? undefined : mailPage(document)
    },
  }
}

// Mail brings its own markup: no script, no request to anywhere, but its own styles and embedded pictures.
const mailPage = (document: string): Answer => ({
  status: 200,
  headers: {
    ...pageHeaders,
    'content-security-policy':
      "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; frame-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  },
  body: document,
})
