import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { asRead } from '../edge/whole-document.ts'
import type { Entry } from '../ledger/entry.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'

/** Which refusal was told last, under `ALERT#credit_ran_out`. */
type RunOut = {
  /** The entry whose refusal was told. */
  sequence: bigint
  /** Up to this entry no raise of credit has followed it. */
  checkedUpTo: bigint
}

const TRIES = 8
const PAGE_ENTRIES = 50
const RUN_OUT = 'ALERT#credit_ran_out'

/**
 * Chooses the one refusal of a dry spell that is told: the first that is seen, until an entry raises the credit again. The
 * ledger itself says whether one did, so that late, doubled and overtaken messages come to the same.
 */
export function createCreditRunOut(options: {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
}) {
  const { client, documentsTable } = options
  const ledger = createLedgerReader(options)

  /** True for the refusal that is to be told, each time that it is asked for; false for all others. */
  async function claim(accountId: string, sequence: bigint): Promise<boolean> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const known = await read(accountId)
      if (known && sequence === known.sequence) return true
      if (known && sequence <= known.checkedUpTo) return false
      const isNew = !known || (await wasRaised(accountId, known.checkedUpTo, sequence))
      const next = { sequence: isNew ? sequence : known.sequence, checkedUpTo: sequence }
      if (await write(accountId, known, next)) return isNew
    }
    throw new Error(`account ${accountId}: others keep telling of its refusals`)
  }

  async function wasRaised(accountId: string, after: bigint, before: bigint): Promise<boolean> {
    let position = after
    for (;;) {
      const page = await ledger.listEntries(accountId, {
        limit: PAGE_ENTRIES,
        ascending: true,
        after: position,
      })
      const between = page.filter(({ sequence }) => sequence < before)
      if (between.some(raisesCredit)) return true
      if (between.length < PAGE_ENTRIES) return false
      position = between.at(-1)!.sequence
    }
  }

  async function read(accountId: string): Promise<RunOut | undefined> {
    const Key = { pk: accountKey(accountId), sk: RUN_OUT }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && { sequence: Item.sequence, checkedUpTo: Item.checkedUpTo }
  }

  async function write(accountId: string, known: RunOut | undefined, next: RunOut): Promise<boolean> {
    const put = new PutCommand({
      TableName: documentsTable,
      Item: { pk: accountKey(accountId), sk: RUN_OUT, ...next },
      ...asRead(known?.checkedUpTo, 'checkedUpTo'),
    })
    return conditionHeld(client.send(put))
  }

  return { claim }
}

/** What comes back from a session that held it was there all the time. */
function raisesCredit({ amountMicros }: Entry): boolean {
  return amountMicros > 0n
}
