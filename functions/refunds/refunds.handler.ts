import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { createTopUpStore } from '../top-up/top-up.store.ts'
import { createRefundRejection } from './decide-refund.store.ts'
import { presentRefund, presentRefunds, readRefundPosition } from './present-refund.ts'
import { createRefundStore } from './refund.store.ts'
import { listRefunds, rejectRefund } from './refunds.api.ts'

const names = environment('DOCUMENTS_TABLE', 'PAYMENTS_TABLE')
const client = documentClient()
const payments = { client, paymentsTable: names.PAYMENTS_TABLE }
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const topUps = createTopUpStore(payments)
const refunds = createRefundStore(payments)
const reject = createRefundRejection({ refunds })

export const handler = httpHandler(
  bind(listRefunds, async ({ caller, params, query }) => {
    const readers = { roles: MEMBER_ROLES, staff: true, despiteTerms: true as const }
    const { accountId } = await access.require(caller, params.accountId, readers)
    const { topUpId } = params
    if (!(await topUps.read(accountId, topUpId)))
      throw new Problem('top_up_not_found', `Account ${accountId} has no top-up ${topUpId}.`)
    const page = { limit: query.limit, after: readRefundPosition(query.cursor) }
    const found = await refunds.list(accountId, topUpId, page)
    return { status: 200, body: presentRefunds(found, query.limit, caller.kind) }
  }),
  bind(rejectRefund, async ({ caller, params: { accountId, topUpId, refundId }, body: { reason } }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const refund = await reject({
      ...{ account, topUpId, refundId, reason },
      actor: caller.actor,
      now: new Date(),
    })
    return { status: 200, body: presentRefund(refund, caller.kind) }
  }),
)
