import { requireAccess } from '../accounts/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import type { Caller } from '../edge/caller.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import type { Reply } from '../edge/route.ts'
import { presentUsage } from './present-usage.ts'
import { findUsage, readUsage } from './usage.api.ts'
import { createUsageStore } from './usage.store.ts'
import type { UsageEventIdentity } from './usage-event.ts'

const { USAGE_TABLE, DOCUMENTS_TABLE } = environment('USAGE_TABLE', 'DOCUMENTS_TABLE')
const client = documentClient()
const usage = createUsageStore({ client, usageTable: USAGE_TABLE })
const accounts = createAccountStore({ client, documentsTable: DOCUMENTS_TABLE })

export const handler = httpHandler(
  bind(readUsage, ({ caller, params }) => answer(caller, params)),
  bind(findUsage, ({ caller, query }) => answer(caller, query)),
)

async function answer(caller: Caller, event: UsageEventIdentity): Promise<Reply> {
  const record = await usage.read(event)
  if (!record) throw notFound()
  // To a client, another client's event is as little there as one that was never sent.
  await requireAccess(accounts, caller, record.accountId, {
    roles: MEMBER_ROLES,
    staff: true,
    usage: true,
  }).catch((error) => {
    throw error instanceof Problem ? notFound() : error
  })
  return { status: 200, body: presentUsage(record) }
}

function notFound(): Problem {
  return new Problem(
    'usage_event_not_found',
    'Nothing has been decided about this event. If it was accepted a moment ago, it is still queued.',
  )
}
