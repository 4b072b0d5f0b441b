import { ITEM_TYPES } from '../../functions/privacy/item-types.ts'
import { RETENTION_ROWS, type RetentionRow } from '../../functions/privacy/retention.ts'

const AT_END: Record<RetentionRow['atEnd'], string> = {
  delete: 'deleted',
  pseudonymise: 'pseudonymised',
  keep: 'kept',
}
const BY: Record<RetentionRow['by'], string> = {
  daily: 'each day, by itself',
  request: 'by an erasure',
  service: 'by AWS',
  operator: 'by hand',
}

/** The page on how long personal data is kept, written from the one table of it. */
export function renderRetentionPage(): string {
  const rows = RETENTION_ROWS.map(({ type, fields, data, purpose, basis, period, atEnd, by }) => {
    const where =
      fields.length === 0 ? type : `\`${type}\`: ${fields.map((field) => `\`${field}\``).join(', ')}`
    return `| ${where} | ${data} | ${purpose} | ${basis} | ${period} | ${AT_END[atEnd]}, ${BY[by]} |`
  })
  const items = ITEM_TYPES.map((type) => {
    const said = 'file' in type ? `\`${type.file}\`` : `not exported: ${type.notExported}`
    return `| ${type.table} | \`${type.name}\` | ${said} |`
  })
  return `# Retention

Where personal data is, why, on which legal basis of the GDPR, for how long, and what becomes of it then. This page is written from [\`functions/privacy/retention.ts\`](../functions/privacy/retention.ts), and a test plays requests with unmistakable addresses, names, numbers and browsers through the whole stack and finds each of them in a place of this table, or fails.

"key" is what stands in an item’s keys. Periods that are days are counted from the instant of what was kept; the daily run goes through all accounts and what hangs on people, and a missed day is made up for by the next.

| where | what | purpose | legal basis | kept | then |
|---|---|---|---|---|---|
${rows.join('\n')}

The periods are the house’s; the operator’s lawyer confirms them for its countries, above all those of the ledger (ten years from the end of the year) and of evidence.

## What an export has

| table | item | file of the export |
|---|---|---|
${items.join('\n')}
`
}
