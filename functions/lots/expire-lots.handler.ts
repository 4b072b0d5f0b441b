import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { accountMessageSchema } from '../plans/account-message.ts'
import { createLotExpiry } from './expire-lots.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, EVENT_BUS } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'EVENT_BUS',
)
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const expiry = createLotExpiry({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  put: bus.put,
})

export const handler = queueHandler({
  schema: accountMessageSchema,
  run: eachMessage(async ({ accountId }) => {
    const done = await expiry.workOff(accountId, new Date())
    if (done.length > 0) log.info('credit that expires', { accountId, done })
  }),
})
