import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { presentTopUp, presentTopUps, readTopUpPosition } from './present-top-up.ts'
import { listTopUps, readTopUp } from './top-up.api.ts'
import { createTopUpStore } from './top-up.store.ts'

const names = environment('DOCUMENTS_TABLE', 'PAYMENTS_TABLE')
const client = documentClient()
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const topUps = createTopUpStore({ client, paymentsTable: names.PAYMENTS_TABLE })
const readers = { roles: MEMBER_ROLES, staff: true, despiteTerms: true as const }

export const handler = httpHandler(
  bind(listTopUps, async ({ caller, params, query }) => {
    const { accountId } = await access.require(caller, params.accountId, readers)
    const found = await topUps.list(accountId, { limit: query.limit, after: readTopUpPosition(query.cursor) })
    return { status: 200, body: presentTopUps(found, query.limit) }
  }),
  bind(readTopUp, async ({ caller, params }) => {
    const { accountId } = await access.require(caller, params.accountId, readers)
    const topUp = await topUps.read(accountId, params.topUpId)
    if (!topUp) throw new Problem('top_up_not_found', `Account ${accountId} has no top-up ${params.topUpId}.`)
    return { status: 200, body: presentTopUp(topUp) }
  }),
)
