import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { documentClient } from '../../functions/edge/dynamodb.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { localClientOptions } from '../../local/dynamodb.ts'
import type { LocalStack } from '../../local/stack.ts'
import type { KeptAccount } from './check-invariants.ts'

const ENTRIES_PER_READ = 1000

/** Reads the accounts' whole history from the stack's database itself, past the API. */
export async function readKept(
  stack: Pick<LocalStack, 'databaseUrl' | 'template'>,
  accountIds: readonly string[],
): Promise<KeptAccount[]> {
  const client = new DynamoDBClient(localClientOptions(stack.databaseUrl))
  const ledger = createLedger({ client: documentClient(client), ...tablesOf(stack.template) })
  try {
    const kept: KeptAccount[] = []
    for (const accountId of accountIds) {
      const read = await ledger.readLots(accountId)
      if (!read) throw new Error(`account ${accountId} has no ledger`)
      const entries: KeptAccount['entries'] = []
      for (;;) {
        const page = await ledger.listEntries(accountId, {
          limit: ENTRIES_PER_READ,
          ascending: true,
          after: entries.at(-1)?.sequence,
        })
        entries.push(...page)
        if (page.length < ENTRIES_PER_READ) break
      }
      kept.push({ ...read, entries })
    }
    return kept
  } finally {
    client.destroy()
  }
}

/** The tables' names, as the synthesized stack gives them to the function that posts. */
function tablesOf(template: LocalStack['template']): { ledgerTable: string; waitingTable: string } {
  for (const { environment } of template.functions.values()) {
    const { LEDGER_TABLE, WAITING_TABLE } = environment
    if (LEDGER_TABLE && WAITING_TABLE) return { ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE }
  }
  throw new Error('no function of the stack posts to the ledger')
}
