import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { accountMessageSchema } from './account-message.ts'
import { createMonthlyCharging } from './charge-month.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
)
const charging = createMonthlyCharging({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})

export const handler = queueHandler({
  schema: accountMessageSchema,
  run: eachMessage(async ({ accountId }) => {
    const { months, stopped } = await charging.chargeDue(accountId, new Date())
    if (months.length > 0 || stopped) log.info('months charged', { accountId, months, stopped })
  }),
})
