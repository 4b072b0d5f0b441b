import { formatAmount } from '../../functions/ledger/money.ts'
import { type Command, EXIT, readOptions, UsageProblem } from './command.ts'
import { readProofFile } from './read-proof-file.ts'
import { beginVerification, endVerification, type Verification, verifyPage } from './verify-statement.ts'

const HELP = `Checks a saved statement without asking anybody: that no line is missing, none was changed after it was written,
each one's balances follow from the one before, and the last one is the account's tip.

  drawdown verify statement.json
  drawdown verify first.json second.json     a statement in parts, in their order
  drawdown verify statement.json --tip HASH

  --tip HASH   the tip that you noted at an earlier time: it has to be one of the statement's lines
  --help       this text

Note the tip that it prints, somewhere that only you can write. A statement that was rewritten as a whole, each hash
reckoned anew, agrees with itself: only a tip that was noted before gives it away.

Ends with 0 if everything agrees, 1 if something does not, 2 if there is no such file or it is no statement.
`

/** Verifies files offline. */
export const verify: Command = {
  summary: 'check a saved statement, offline',
  help: HELP,
  async run(args) {
    const { values, positionals: files } = readOptions(args, { tip: { type: 'string' } })
    if (files.length === 0)
      throw new UsageProblem('Name the file to check, as in: drawdown verify statement.json')
    const verification = await verifyFiles(files, values.tip?.trim())
    console.log(describe(verification, files.join(' ')))
    return verification.faults.length === 0 ? EXIT.done : EXIT.wrong
  },
}

/** One file after the other, so that no more than one is held in memory. */
async function verifyFiles(files: string[], notedTip: string | undefined): Promise<Verification> {
  let verification: Verification | undefined
  for (const file of files) {
    const page = await readProofFile(file)
    verification ??= beginVerification(page, notedTip)
    verifyPage(verification, page)
  }
  endVerification(verification!)
  return verification!
}

function describe(verification: Verification, files: string): string {
  const { accountId, currency, opening, position, linesChecked, noted, faults } = verification
  if (faults.length > 0) {
    return [`${files}: DOES NOT AGREE`, ...faults.map((fault) => `  ${fault}`)].join('\n')
  }
  const written = (micros: string) => formatAmount(BigInt(micros), currency)
  const from = opening.sequence === '0' ? 'from the first' : `after entry ${opening.sequence}`
  const lines = [
    `${files}: everything agrees`,
    `  account    ${accountId}`,
    `  checked    ${linesChecked} lines, ${from} to entry ${position.sequence}`,
    `  available  ${written(position.availableMicros)} ${currency}`,
    `  held       ${written(position.heldMicros)} ${currency}`,
    `  tip        ${position.hash}`,
  ]
  if (noted) lines.push(`  noted tip  is that of entry ${noted.foundAt}: nothing up to it was changed since`)
  if (opening.sequence !== '0')
    lines.push('  What is before the first of these lines was not checked, the opening balance included.')
  return lines.join('\n')
}
