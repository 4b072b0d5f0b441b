import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { EventDetail } from '../events/event.ts'
import { createExpiryStore } from './expiry.store.ts'
import { stepAfter } from './expiry-steps.ts'

/**
 * Puts each instant at which raised lots expire on the calendar, with the first step that lay ahead when they were raised.
 * What came back to a lot that has expired is due at once. A repeat changes nothing.
 */
export function createLotWatch(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const accounts = createAccountStore(options)
  const expiries = createExpiryStore(options)

  return async function watch({ accountId, at, expiries: instants }: EventDetail<'lots.raised'>) {
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId}: an event names it, and it is not there`)
    for (const expiresAt of instants) {
      await expiries.watch(accountId, expiresAt, stepAfter(at, expiresAt, account.timeZone))
    }
  }
}
