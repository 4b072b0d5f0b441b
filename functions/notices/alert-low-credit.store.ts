import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { asRead } from '../edge/whole-document.ts'
import type { EventDetail, PutEvents } from '../events/event.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { money } from '../ledger/money.ts'
import { type AlertState, decideLowCreditAlert, markTold, UNSEEN } from './decide-low-credit-alert.ts'

export type AlertOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  put: PutEvents
}

export type AlertResult = 'told' | 'armed' | 'nothing'

const TRIES = 8
const ALERT = 'ALERT#low_credit'

/**
 * Tells once per dip that an account's credit is low. A dip gets its number first, then its event goes out, then it is
 * marked as told: a run that dies on the way is taken up by the next message, with the same event under the same id.
 */
export function createLowCreditAlert(options: AlertOptions) {
  const { client, documentsTable, put } = options
  const ledger = createLedgerReader(options)
  const accounts = createAccountStore(options)

  /** Looks at the balance as it is now, whatever movement the message was about. */
  async function check(accountId: string, now: Date): Promise<AlertResult> {
    let quietly: AlertResult = 'nothing'
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const state = await readState(accountId)
      const [account, head] = await Promise.all([accounts.read(accountId), ledger.readHead(accountId)])
      if (!account || !head) throw new Error(`account ${accountId} moves money without profile or ledger`)
      if (state.phase === 'telling') {
        if (await tell(account, state)) return 'told'
        continue
      }
      const { availableMicros, sequence } = head
      const thresholdMicros = account.lowCreditThresholdMicros
      const seen = { availableMicros, sequence, thresholdMicros, now: now.toISOString() }
      const next = decideLowCreditAlert(state, seen)
      if (!next) return quietly
      if (!(await writeState(accountId, state, next))) continue
      if (next.phase === 'telling' && (await tell(account, next))) return 'told'
      // Armed: the credit may have fallen again since it was read, and its message may have come and gone.
      quietly = 'armed'
    }
    throw new Error(`account ${accountId}: others keep changing its alert`)
  }

  async function tell(account: Account, state: AlertState): Promise<boolean> {
    await put([{ detailType: 'balance.low', detail: describeDip(account, state) }])
    return writeState(account.accountId, state, markTold(state))
  }

  async function readState(accountId: string): Promise<AlertState> {
    const Key = { pk: accountKey(accountId), sk: ALERT }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    if (!Item) return UNSEEN
    const { pk, sk, ...state } = Item
    return state as AlertState
  }

  async function writeState(accountId: string, before: AlertState, next: AlertState): Promise<boolean> {
    const put = new PutCommand({
      TableName: documentsTable,
      Item: { pk: accountKey(accountId), sk: ALERT, ...next },
      // A revision of zero says that nothing was written yet.
      ...asRead(before.revision || undefined),
    })
    return conditionHeld(client.send(put))
  }

  return { check }
}

function describeDip({ accountId, currency }: Account, state: AlertState): EventDetail<'balance.low'> {
  const { dip, alertedAt, availableMicros, thresholdMicros } = state
  if (alertedAt === undefined || availableMicros === undefined || thresholdMicros === undefined) {
    throw new Error(`account ${accountId}: dip ${dip} is not described`)
  }
  return {
    id: `${accountId}/balance.low/${dip}`,
    accountId,
    at: alertedAt,
    available: money(availableMicros, currency),
    threshold: money(thresholdMicros, currency),
  }
}
