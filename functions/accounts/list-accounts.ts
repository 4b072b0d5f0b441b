import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { type Account, type AccountPosition, accountIdSchema } from './account.ts'

const positionSchema = z.strictObject({ createdAt: z.iso.datetime(), accountId: accountIdSchema })
const ownPositionSchema = z.strictObject({ accountId: accountIdSchema })

/** Where a list of all accounts goes on. */
export function readPosition(cursor: string | undefined): AccountPosition | undefined {
  return readCursor(positionSchema, cursor)
}

/** Where a list of a person's own accounts goes on: after this account id. */
export function readOwnPosition(cursor: string | undefined): string | undefined {
  return readCursor(ownPositionSchema, cursor)?.accountId
}

/** The cursor behind a full page of all accounts; none behind the last page. */
export function cursorAfter(accounts: readonly Account[], limit: number): string | undefined {
  const last = accounts.at(-1)
  return last && accounts.length === limit
    ? writeCursor({ createdAt: last.createdAt, accountId: last.accountId })
    : undefined
}

/** The cursor behind a full page of a person's memberships; none behind the last page. */
export function ownCursorAfter(accountIds: readonly string[], limit: number): string | undefined {
  const last = accountIds.at(-1)
  return last && accountIds.length === limit ? writeCursor({ accountId: last }) : undefined
}
