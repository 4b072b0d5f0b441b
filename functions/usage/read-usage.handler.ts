import { z } from 'zod'
import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import type { Caller } from '../edge/caller.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import type { Reply } from '../edge/route.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createNumberedSearch, usualWindow, type Window } from './find-usage.store.ts'
import { createNumberedStore } from './numbered.store.ts'
import { presentSource, presentUsage } from './present-usage.ts'
import { findUsage, listUsageSources, readUsage } from './usage.api.ts'
import { createUsageStore } from './usage.store.ts'
import type { UsageEventIdentity } from './usage-event.ts'

const names = environment('LEDGER_TABLE', 'USAGE_TABLE', 'WAITING_TABLE', 'DOCUMENTS_TABLE')
const client = documentClient()
const tables = {
  client,
  ledgerTable: names.LEDGER_TABLE,
  usageTable: names.USAGE_TABLE,
  waitingTable: names.WAITING_TABLE,
}
const usage = createUsageStore(tables)
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const ledger = createLedgerReader(tables)
const numbered = createNumberedStore({ ...tables, ledger })
const search = createNumberedSearch({ ledger, numbered })

const readers = { roles: MEMBER_ROLES, staff: true, usage: true }
const positionSchema = z.strictObject({ after: z.string().regex(/^[\w-]{16}$/) })

export const handler = httpHandler(
  bind(readUsage, async ({ caller, params }) => (await readPlain(caller, params)) ?? refuse(notFound())),

  bind(findUsage, async ({ caller, query }) => {
    const { source, id, sequence, accountId, from, to } = query
    if (id !== undefined) {
      const plain = await readPlain(caller, { source, id }, accountId)
      if (plain) return plain
    }
    if (accountId === undefined) throw notFound()
    await requireSight(caller, accountId)
    if (sequence !== undefined) {
      const body = await search.findNumber(accountId, source, sequence)
      return body ? { status: 200, body } : refuse(notFound())
    }
    const usual = usualWindow(id!, new Date())
    const window = { from: from ?? usual.from, to: to ?? usual.to }
    if (window.from >= window.to) throw loneBound(from, window)
    const { found, searched } = await search.findId(accountId, source, id!, window)
    if (found) return { status: 200, body: found }
    const where = `Numbered events were looked for that were taken from ${searched.from} to ${searched.to}.`
    throw new Problem('usage_event_not_found', `${where} Bound the search by "from" and "to".`)
  }),

  bind(listUsageSources, async ({ caller, params: { accountId }, query: { limit, cursor } }) => {
    await access.require(caller, accountId, readers)
    const head = await ledger.readHead(accountId)
    if (!head) throw new Error(`account ${accountId} has no ledger`)
    const after = readCursor(positionSchema, cursor)?.after
    const { sources, next } = await numbered.listSources(head, { limit, after })
    const nextCursor = next === undefined ? undefined : writeCursor({ after: next })
    return { status: 200, body: { sources: sources.map(presentSource), nextCursor } }
  }),
)

/** An event with an item of its own; of another account than the one that is asked for, it is none of this search. */
async function readPlain(caller: Caller, event: UsageEventIdentity, accountId?: string) {
  const record = await usage.read(event)
  if (!record || (accountId !== undefined && record.accountId !== accountId)) return undefined
  await requireSight(caller, record.accountId)
  return { status: 200, body: presentUsage(record) }
}

/** To a client, another client's event is as little there as one that was never sent. */
async function requireSight(caller: Caller, accountId: string): Promise<void> {
  await access.require(caller, accountId, { ...readers, despiteTerms: true }).catch((error) => {
    throw error instanceof Problem ? notFound() : error
  })
}

/** One bound alone may lie beyond the usual other one. */
function loneBound(from: string | undefined, window: Window): Problem {
  return from === undefined
    ? invalidField('to', `must be later than ${window.from}, or stand with "from"`)
    : invalidField('from', `must be before ${window.to}, or stand with "to"`)
}

function refuse(problem: Problem): Reply {
  throw problem
}

function notFound(): Problem {
  return new Problem(
    'usage_event_not_found',
    'Nothing has been decided about this event. If it was accepted a moment ago, it is still queued.',
  )
}
