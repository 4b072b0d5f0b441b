import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { createDisputeStore } from './dispute.store.ts'
import { listDisputes, readDispute } from './disputes.api.ts'
import { presentDispute, presentDisputes, readDisputePosition } from './present-dispute.ts'

const names = environment('DOCUMENTS_TABLE', 'PAYMENTS_TABLE')
const client = documentClient()
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const disputes = createDisputeStore({ client, paymentsTable: names.PAYMENTS_TABLE })
const readers = { roles: MEMBER_ROLES, staff: true, despiteTerms: true as const }

export const handler = httpHandler(
  bind(listDisputes, async ({ caller, params, query }) => {
    const { accountId } = await access.require(caller, params.accountId, readers)
    const page = { limit: query.limit, after: readDisputePosition(query.cursor) }
    return { status: 200, body: presentDisputes(await disputes.list(accountId, page), query.limit) }
  }),
  bind(readDispute, async ({ caller, params }) => {
    const { accountId } = await access.require(caller, params.accountId, readers)
    const dispute = await disputes.read(accountId, params.disputeId)
    if (!dispute)
      throw new Problem('dispute_not_found', `Account ${accountId} has no dispute ${params.disputeId}.`)
    return { status: 200, body: presentDispute(dispute) }
  }),
)
