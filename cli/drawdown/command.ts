import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** What a command ends with: done, checked and found wrong or refused, not understood. */
export const EXIT = { done: 0, wrong: 1, notUnderstood: 2 } as const

/** What the person at the terminal has to change: its message is all that is shown, and the command ends with 2. */
export class UsageProblem extends Error {}

/** What went wrong beyond the command line: its message is all that is shown, and the command ends with 1. */
export class CommandProblem extends Error {}

export type Command = {
  /** One line for the list of commands. */
  summary: string
  help: string
  /** Runs with what follows the command's name and says what to exit with. */
  run(args: string[]): Promise<number>
}

/** Reads a command's options; throws `UsageProblem` for what it does not know. */
export function readOptions<Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  try {
    return parseArgs({ args: joinValues(args, options), options, allowPositionals: true })
  } catch (error) {
    throw new UsageProblem((error as Error).message)
  }
}

/** `--tip -x…` as `--tip=-x…`: one hash in 64 begins with a minus, which would be taken for an option. */
function joinValues(args: string[], options: ParseArgsOptionsConfig): string[] {
  const joined: string[] = []
  for (let index = 0; index < args.length; index += 1) {
    const name = args[index]!
    const value = args[index + 1]
    const isKnown = (word: string) => Object.hasOwn(options, word.replace(/^--/, '').split('=')[0]!)
    const takesValue = name.startsWith('--') && options[name.slice(2)]?.type === 'string'
    if (takesValue && value?.startsWith('-') && !isKnown(value)) {
      joined.push(`${name}=${value}`)
      index += 1
    } else joined.push(name)
  }
  return joined
}

/** Refuses words that are no option's value; `hint` says what is meant to be there. */
export function refuseWords(words: string[], hint: string): void {
  if (words.length > 0) throw new UsageProblem(`"${words[0]}" has no place here: ${hint}`)
}

/** A count on the command line; throws `UsageProblem` naming the option. */
export function readCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^(?:0|[1-9]\d{0,11})$/.test(text))
    throw new UsageProblem(`--${option} must be a whole number, not "${text}"`)
  return Number(text)
}
