import { ApiRefusal } from './api-client.ts'
import { type Command, CommandProblem, EXIT, UsageProblem } from './drawdown/command.ts'
import { migrate } from './drawdown/migrate.ts'
import { prove } from './drawdown/prove.ts'
import { FileProblem } from './drawdown/read-proof-file.ts'
import { run } from './drawdown/run.ts'
import { statement } from './drawdown/statement.ts'
import { trialBalance } from './drawdown/trial-balance.ts'
import { verify } from './drawdown/verify.ts'

const COMMANDS: Record<string, Command> = {
  statement,
  verify,
  'trial-balance': trialBalance,
  prove,
  run,
  migrate,
}

const LIST = `Checks Drawdown's books, and brings clients over from another billing.

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  drawdown ${name.padEnd(15)} ${summary}`)
  .join('\n')}

drawdown <command> --help says more. In a checkout: npx drawdown <command>, or npm run drawdown -- <command>.
`

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || isAskingForHelp(name) || name === 'help') {
    console.log(LIST)
    return name === undefined ? EXIT.notUnderstood : EXIT.done
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) {
    console.error(`There is no command "${name}".\n\n${LIST}`)
    return EXIT.notUnderstood
  }
  if (args.some(isAskingForHelp)) {
    console.log(command.help)
    return EXIT.done
  }
  try {
    return await command.run(args)
  } catch (error) {
    return explain(error, name)
  }
}

const isAskingForHelp = (word: string) => word === '--help' || word === '-h'

/** A person is told what to do; what nobody foresaw is shown whole. */
function explain(error: unknown, name: string): number {
  if (error instanceof UsageProblem) {
    console.error(`${error.message}\n"drawdown ${name} --help" says how it is used.`)
    return EXIT.notUnderstood
  }
  if (error instanceof FileProblem) {
    console.error(error.message)
    return EXIT.notUnderstood
  }
  console.error(error instanceof ApiRefusal || error instanceof CommandProblem ? error.message : error)
  return EXIT.wrong
}

process.exitCode = await main(process.argv.slice(2))
