import fc from 'fast-check'
import { anyCall, type Call, prepareCall } from './calls.ts'
import { noFaults } from './faults.ts'
import { openAccounts, setCatalogue } from './opening.ts'
import { ZONES } from './plan-books.ts'
import type { Violation } from './require.ts'
import { settleEverything } from './settling.ts'
import { environmentOf, World, type WorldOptions } from './world.ts'

const MINUTE = 60_000
const WAITS = {
  minute: MINUTE,
  hour: 60 * MINUTE,
  day: 1440 * MINUTE,
  week: 10_080 * MINUTE,
  month: 44_640 * MINUTE,
}
/** As often as each is waited for. */
const SPANS = ['minute', 'hour', 'day', 'day', 'week', 'month'] as const

type Model = Record<string, never>
type Command = fc.AsyncCommand<Model, World>

/** Some calls side by side. */
class Together implements Command {
  readonly calls: Call[]
  readonly chance: { seed: number; faultPercent: number }

  constructor(calls: Call[], chance: { seed: number; faultPercent: number }) {
    this.calls = calls
    this.chance = chance
  }
  check = () => true
  async run(_model: Model, world: World): Promise<void> {
    world.journal.note(this.toString())
    await world.step(() => this.calls.flatMap((call) => prepareCall(world, call) ?? []), this.chance)
  }
  toString() {
    const calls = this.calls.map(({ kind }) => kind).join(' + ')
    return `${calls}, faults ${this.chance.faultPercent} %, seed ${this.chance.seed}`
  }
}

class Wait implements Command {
  readonly span: keyof typeof WAITS

  constructor(span: keyof typeof WAITS) {
    this.span = span
  }
  check = () => true
  async run(_model: Model, world: World): Promise<void> {
    world.journal.note(this.toString())
    await world.pass(WAITS[this.span])
  }
  toString() {
    return `wait a ${this.span}`
  }
}

const chance = fc.record({
  seed: fc.noShrink(fc.nat(2 ** 31 - 1)),
  faultPercent: fc.constantFrom(0, 2, 5, 10, 30),
})

const commands = fc.commands(
  [
    // Listed several times: each is as likely as another.
    ...Array.from({ length: 6 }, () =>
      fc
        .tuple(fc.array(anyCall, { minLength: 1, maxLength: 4 }), chance)
        .map(([calls, by]) => new Together(calls, by)),
    ),
    fc.constantFrom(...SPANS).map((span) => new Wait(span)),
  ],
  { maxCommands: 200, size: 'max' },
)

export type EpisodeOptions = Pick<WorldOptions, 'database' | 'coldStart' | 'seed'> & {
  faults: WorldOptions['faults']
  /** How long to look for a smaller history once one has failed. */
  shrinkMilliseconds: number
  isCalledOff?: () => boolean
}

export type EpisodeResult = {
  operationCount: number
  /** Of all that happened. */
  digest: string
  violation?: { message: string; history: string[] }
}

/**
 * One story on accounts of its own, made up and played from its seed: opening, some dozens of steps, and then everything that is still
 * under way to its end, without faults. A violation comes back with the smallest history that shows it.
 */
export async function playEpisode(options: EpisodeOptions): Promise<EpisodeResult> {
  let first: World | undefined
  let last: World | undefined
  let error: unknown
  let failedAt: number | undefined
  const play = async (world: World, steps: Iterable<Command>) => {
    try {
      await openAccounts(world, ZONES)
      await fc.asyncModelRun(() => ({ model: {}, real: world }), steps)
      await settleEverything(world)
    } catch (caught) {
      failedAt ??= performance.now()
      last = world
      error = caught
      throw caught
    }
  }
  const isSearchOver = (since: number) =>
    performance.now() - since > options.shrinkMilliseconds || options.isCalledOff?.() === true
  const property = fc.asyncProperty(commands, async (steps) => {
    // Time is up for the search: all that is left to try passes.
    if (failedAt !== undefined && isSearchOver(failedAt)) return
    const tables = await options.database.createTables()
    try {
      Object.assign(process.env, environmentOf(tables, options.seed))
      // What is tried again to find a smaller history does not count.
      const faults = first ? { ...options.faults, counts: noFaults() } : options.faults
      const world = new World({ ...options, faults, tables })
      first ??= world
      await setCatalogue(world)
      await play(world, steps)
    } finally {
      await options.database.deleteTables(tables)
    }
  })
  const { seed, shrinkMilliseconds } = options
  const result = await fc.check(property, {
    seed,
    numRuns: 1,
    unbiased: true,
    endOnFailure: shrinkMilliseconds === 0,
  })
  const told = { operationCount: first!.machine.operationCount, digest: first!.journal.digest() }
  if (!result.failed) return told
  return { ...told, violation: { message: (error as Violation).message, history: last!.journal.lines } }
}
