import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { accountMessageSchema } from './account-message.ts'
import { createMonthlyCharging } from './charge-month.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, PLAN_GRACE_DAYS, EVENT_BUS, PORTAL_URL } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PLAN_GRACE_DAYS',
  'EVENT_BUS',
  'PORTAL_URL',
)
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const charging = createMonthlyCharging({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  graceDays: Number(PLAN_GRACE_DAYS),
  reminding: { put: bus.put, portalUrl: PORTAL_URL },
})

export const handler = queueHandler({
  schema: accountMessageSchema,
  run: eachMessage(async ({ accountId }) => {
    const { months, stopped } = await charging.chargeDue(accountId, new Date())
    if (months.length > 0 || stopped) log.info('months charged', { accountId, months, stopped })
  }),
})
