import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { accountMessageSchema } from './account-message.ts'
import { createShortfallWarning } from './warn-shortfall.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'EVENT_BUS',
  'PORTAL_URL',
)
const bus = createBus({ client: new EventBridgeClient({}), busName: names.EVENT_BUS })
const warning = createShortfallWarning({
  client: documentClient(),
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  documentsTable: names.DOCUMENTS_TABLE,
  paymentsTable: names.PAYMENTS_TABLE,
  portalUrl: names.PORTAL_URL,
  put: bus.put,
})

export const handler = queueHandler({
  schema: accountMessageSchema,
  run: eachMessage(async ({ accountId }) => {
    const months = await warning.look(accountId, new Date())
    if (months.length > 0) log.info('warnings done', { accountId, months })
  }),
})
