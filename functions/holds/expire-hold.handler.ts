import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createHoldStore } from './hold.store.ts'
import { createHoldTimers } from './hold-timer.client.ts'
import { holdTimerSchema, ringAgainForNoHold } from './hold-timer.ts'
import { createSettling } from './settle-hold.store.ts'

const names = environment('LEDGER_TABLE', 'WAITING_TABLE', 'DOCUMENTS_TABLE', 'HOLD_TIMERS_URL')
const client = documentClient()
const documents = { client, documentsTable: names.DOCUMENTS_TABLE }
const settling = createSettling({
  ledger: createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE }),
  holds: createHoldStore(documents),
  accounts: createAccountStore(documents),
})
const timers = createHoldTimers({ client: new SQSClient({}), queueUrl: names.HOLD_TIMERS_URL })

export const handler = queueHandler({
  schema: holdTimerSchema,
  run: eachMessage(async (timer) => {
    const now = new Date()
    const expiry = await settling.expire(timer.accountId, timer.holdId, now)
    if (expiry === 'settled') log.info('a lost session was ended', { ...timer })
    const ringsAt = typeof expiry === 'object' ? expiry.heldUntil : undefined
    const again = expiry === 'no_hold' ? ringAgainForNoHold(timer, now) : ringsAt
    if (again) await timers.start(timer, now, again)
  }),
})
