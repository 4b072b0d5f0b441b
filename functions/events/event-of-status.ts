import type { StatusChange } from '../ledger/decide-status.ts'
import type { BusEvent } from './event.ts'

/** What the bus is told of a change of an account's status; its id comes from the change's number. */
export function eventOfStatus(change: StatusChange): BusEvent {
  const { accountId, at, reason, actor, revision, faults = [] } = change
  const describe = (name: string) => ({
    id: `${accountId}/${name}/${revision}`,
    accountId,
    at,
    reason,
    actor,
  })
  switch (change.status) {
    case 'parked':
      return { detailType: 'account.parked', detail: { ...describe('account.parked'), faults } }
    case 'open':
      return { detailType: 'account.reopened', detail: describe('account.reopened') }
    case 'closed':
      return { detailType: 'account.closed', detail: describe('account.closed') }
  }
}
