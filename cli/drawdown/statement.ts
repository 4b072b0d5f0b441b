import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import type { ApiClient } from '../api-client.ts'
import {
  type Command,
  CommandProblem,
  EXIT,
  readCount,
  readOptions,
  refuseWords,
  UsageProblem,
} from './command.ts'
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from './connect.ts'
import { type ProofFile, readProof } from './read-proof-file.ts'

const HELP = `Saves an account's statement with all that it takes to check it: every line as it was hashed, and the tip.

  drawdown statement --account acc_…
  drawdown statement --account acc_… --output november.json
  drawdown statement --account acc_… --after 50000 --lines 50000    a part of a very long one

  --account ID   whose statement
  --output FILE  where to (default statement.json); what is there is replaced when all has come
  --after N      only the lines after this number
  --lines N      at most so many lines
${CONNECTION_HELP}
  --help         this text

Then: drawdown verify statement.json
`

const LINES_PER_PAGE = 1000

/** Saves all pages of a statement proof as one file. */
export const statement: Command = {
  summary: 'save an account’s statement with what proves it',
  help: HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, {
      ...CONNECTION_OPTIONS,
      ...{ account: { type: 'string' }, output: { type: 'string', default: 'statement.json' } },
      ...{ after: { type: 'string' }, lines: { type: 'string' } },
    })
    refuseWords(positionals, 'name the account with --account and the file with --output')
    const { account: accountId, output } = values
    if (!accountId) throw new UsageProblem('Name the account with --account')
    if (!output) throw new UsageProblem('Name the file with --output')
    const lines = readCount('lines', values.lines)
    if (lines === 0) throw new UsageProblem('--lines must be more than 0')
    const pages = readPages(connect(values), accountId, readCount('after', values.after) ?? 0, lines)
    const { count, tip } = await save(output, pages)
    console.log(`${output}: ${count} lines of ${accountId}, whose tip is entry ${tip.sequence}, ${tip.hash}`)
    return EXIT.done
  },
}

async function* readPages(api: ApiClient, accountId: string, after: number, most: number | undefined) {
  let position = String(after)
  let left = most ?? Number.POSITIVE_INFINITY
  for (;;) {
    const limit = String(Math.min(left, LINES_PER_PAGE))
    const path = `/v1/accounts/${encodeURIComponent(accountId)}/statement-proof`
    const page = readProof('the API', await api.get<unknown>(path, { after: position, limit }))
    yield page
    left -= page.entries.length
    if (page.next === undefined || left <= 0) return
    position = page.next
  }
}

/** Writes beside the file and renames at the end, so that whoever is cut off keeps what was there, and that alone. */
async function save(output: string, pages: AsyncIterable<ProofFile>) {
  const part = `${output}.part`
  const refuse = (error: { code?: string }): never => {
    throw new CommandProblem(`${output} cannot be written (${error.code}); name another file with --output`)
  }
  const file = await open(part, 'w').catch(refuse)
  try {
    const saved = await writePages(file, pages)
    await file.sync()
    await file.close()
    await rename(part, output).catch(refuse)
    return saved
  } catch (error) {
    await file.close().catch(() => {})
    await rm(part, { force: true })
    throw error
  }
}

async function writePages(file: FileHandle, pages: AsyncIterable<ProofFile>) {
  let last: ProofFile | undefined
  let count = 0
  for await (const page of pages) {
    if (!last) {
      const { entries, tip, next, ...beginning } = page
      await file.appendFile(`${JSON.stringify(beginning).slice(0, -1)},"entries":[`)
    }
    for (const entry of page.entries) {
      await file.appendFile(`${count === 0 ? '' : ','}\n${JSON.stringify(entry)}`)
      count += 1
    }
    last = page
    if (page.next !== undefined)
      console.error(`· ${count} lines, up to entry ${page.next} of ${page.tip.sequence}`)
  }
  const { tip, next } = last!
  await file.appendFile(`\n],"tip":${JSON.stringify(tip)}${next ? `,"next":${JSON.stringify(next)}` : ''}}\n`)
  return { count, tip }
}
