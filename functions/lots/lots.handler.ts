import { z } from 'zod'
import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { hasExpired } from '../ledger/credit-at.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { ORDER_OF_USE, orderOfUse } from '../ledger/lot.ts'
import { listLots } from './lots.api.ts'
import { presentLot } from './present-lot.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: DOCUMENTS_TABLE })
const ledger = createLedgerReader({ client, ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE })

const positionSchema = z.strictObject({ after: z.string().regex(ORDER_OF_USE) })

export const handler = httpHandler(
  bind(listLots, async ({ caller, params: { accountId }, query: { limit, cursor } }) => {
    const account = await access.require(caller, accountId, {
      roles: MEMBER_ROLES,
      staff: true,
      despiteTerms: true,
    })
    const now = new Date().toISOString()
    const after = readCursor(positionSchema, cursor)?.after
    const read = await ledger.readLots(accountId, {
      // Nothing that expires by now is behind this place.
      after: after ?? `${now}#~`,
      isWanted: (_lot, before) => before.length <= limit,
    })
    if (!read) throw new Error(`account ${accountId} has no ledger`)
    const page = read.lots.slice(0, limit)
    const nextCursor = read.lots.length > limit ? writeCursor({ after: orderOfUse(page.at(-1)!) }) : undefined
    const lots = page.filter((lot) => !hasExpired(lot, now)).map((lot) => presentLot(lot, account))
    return { status: 200, body: { lots, nextCursor } }
  }),
)
