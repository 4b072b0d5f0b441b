import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { createCardStore } from './cards.store.ts'
import { createDueCardStore } from './due-cards.store.ts'
import { createCardWatch } from './watch-cards.store.ts'

const names = environment('DOCUMENTS_TABLE', 'PAYMENTS_TABLE', 'STRIPE_SECRET_NAME', 'STRIPE_API_URL')
const client = documentClient()
const payments = { client, paymentsTable: names.PAYMENTS_TABLE }
const watch = createCardWatch({
  cards: createCardStore(payments),
  due: createDueCardStore(payments),
  accounts: createAccountStore({ client, documentsTable: names.DOCUMENTS_TABLE }),
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
})

export const handler = scheduleHandler(async (now) => {
  log.info('looked after cards', { accounts: await watch.run(now) })
})
