import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { invalidField } from '../edge/problem.ts'
import { CSV, giveMigrationCredits, MOST_LINES } from './migration.api.ts'
import { createMigrationCredits } from './migration-credit.store.ts'
import { presentMigration } from './present-migration.ts'
import { readMigrationCsv, readMigrationJsonLines } from './read-migration-file.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
)
const credits = createMigrationCredits({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})

/** The gateway gives up after 30 seconds; the last line that is begun may wait for others for some seconds. */
const LONGEST_MILLISECONDS = 18_000

export const handler = httpHandler(
  bind(giveMigrationCredits, async ({ caller, query: { cutOver, mode }, contentType, text }) => {
    const begun = performance.now()
    const file = contentType === CSV ? readMigrationCsv(text) : readMigrationJsonLines(text)
    if (!file.ok) throw invalidField('body', file.detail)
    const { lines, ignoredColumns } = file
    if (lines.length > MOST_LINES)
      throw invalidField('body', `has ${lines.length} lines; at most ${MOST_LINES} are taken in one request`)
    const reports = await credits.run(lines, {
      cutOver,
      mode,
      actor: caller.actor,
      now: new Date(),
      hasTime: () => performance.now() - begun < LONGEST_MILLISECONDS,
    })
    return { status: 200, body: presentMigration(reports, { cutOver, mode, ignoredColumns }) }
  }),
)
