import { parseArgs } from 'node:util'
import { FAULT_KINDS, FAULTS, type FaultKind } from './faults.ts'

export type Arguments = {
  seed: number
  operations: number
  jobs: number
  faultKinds: FaultKind[]
  isJson: boolean
  /** The file in which the figures are kept; undefined: in none. */
  keep: string | undefined
}

const LARGEST_OPERATIONS = 1_000_000_000
const MOST_JOBS = 64

export const HELP = `npm run simulate -- [--seed N] [--operations M] [--faults …] [--jobs J] [--keep FILE] [--json]

Plays made-up histories of the whole money path (accounts, top-ups at pages and by saved cards, cards, automatic top-ups, declines, banks that ask or think,
refunds to cards, disputes, usage, tiers, prices published meanwhile, charges, holds of amounts and of seconds, records of sessions, plans:
charges, changes within the month, stops, resumptions, new fees, credit set aside, parked accounts; credits, refunds, reversals) against the real handlers and the embedded database, under a virtual clock and with faults at every
call, and checks the books after every step.

  --seed N         what everything is chosen by; the same seed gives the same history (default: one of now)
  --operations M   how many, at least (default 2000). An operation is one call of a handler: a request of a caller, or a delivery by a
                   queue, the stream, the schedule or the payment provider, repeated ones included
  --faults LIST    which faults, separated by commas; all (the default) or none
  --jobs J         how many processes work on it (default 1); each has a database of its own
  --keep FILE      keeps in it how far the run has come; the same command goes on from there, on the same code
  --json           prints operations, faults by kind and violations as JSON

A violation ends it with 1, prints the smallest history that shows it, and the command that plays it again. Ctrl-C or SIGTERM ends it after
the episodes that are being played, prints the figures so far and ends with 130; once more, it ends at once. Where errors do not go to a
terminal, a line a minute says how far it is.

Faults:
${FAULT_KINDS.map((kind) => `  ${kind.padEnd(16)} ${FAULTS[kind]}`).join('\n')}
`

/** What the command line asks for; undefined when it asks for help. Throws on what it does not understand. */
export function readArguments(given: readonly string[], now: number): Arguments | undefined {
  const { values } = parseArgs({
    args: [...given],
    options: {
      seed: { type: 'string' },
      operations: { type: 'string' },
      faults: { type: 'string' },
      jobs: { type: 'string' },
      keep: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  return {
    seed: readWhole('seed', values.seed, 0, 2 ** 31 - 1) ?? now % 2 ** 31,
    operations: readWhole('operations', values.operations, 1, LARGEST_OPERATIONS) ?? 2000,
    jobs: readWhole('jobs', values.jobs, 1, MOST_JOBS) ?? 1,
    faultKinds: readFaults(values.faults ?? 'all'),
    isJson: values.json ?? false,
    keep: values.keep,
  }
}

function readWhole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`--${name} must be a whole number from ${least} to ${most}, not "${text}"`)
}

function readFaults(text: string): FaultKind[] {
  if (text === 'all') return FAULT_KINDS
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const kind = FAULT_KINDS.find((each) => each === name.trim())
    if (kind) return kind
    throw new Error(`--faults knows no "${name}"; choose from ${FAULT_KINDS.join(', ')}, or all, or none`)
  })
}
