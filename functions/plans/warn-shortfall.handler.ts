import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { accountMessageSchema } from './account-message.ts'
import { createShortfallWarning } from './warn-shortfall.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, EVENT_BUS, PORTAL_URL } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'EVENT_BUS',
  'PORTAL_URL',
)
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const warning = createShortfallWarning({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  portalUrl: PORTAL_URL,
  put: bus.put,
})

export const handler = queueHandler({
  schema: accountMessageSchema,
  run: eachMessage(async ({ accountId }) => {
    const months = await warning.warnDue(accountId, new Date())
    if (months.length > 0) log.info('warnings done', { accountId, months })
  }),
})
