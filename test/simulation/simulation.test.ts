import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readArguments } from './arguments.ts'
import { breakFrom, breakSource } from './break-source.ts'
import { BREAKAGES } from './breakages.ts'
import { FAULT_KINDS, type FaultCounts } from './faults.ts'

const run = promisify(execFile)
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

type Figures = { operations: number; seconds: number; faults: FaultCounts; violations: { message: string }[] }

async function simulate(...options: string[]): Promise<Figures> {
  const { stdout } = await run(process.execPath, [file('simulate.ts'), '--json', ...options])
  return JSON.parse(stdout) as Figures
}

describe('the money path on many bad days', () => {
  it('violates nothing, with every kind of fault', async () => {
    const { operations, faults, violations } = await simulate('--seed', '1', '--operations', '1000')
    expect(violations).toEqual([])
    expect(operations).toBeGreaterThanOrEqual(1000)
    for (const kind of FAULT_KINDS) expect([kind, faults[kind] > 0]).toEqual([kind, true])
  })

  it('happens in the same way from the same seed, and in another from another', async () => {
    const digest = async (seed: number) => {
      const { stdout } = await run(process.execPath, [file('run-digest.ts'), String(seed)])
      return stdout
    }
    const [first, again, other] = await Promise.all([digest(5), digest(5), digest(4)])
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })
})

describe('a long run', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'tells what it has played so far when %s ends it',
    async (signal) => {
      const folder = await mkdtemp(join(tmpdir(), 'drawdown-simulation-'))
      try {
        const keep = join(folder, 'figures.json')
        const options = ['--json', '--seed', '11', '--operations', '1000000', '--jobs', '2', '--keep', keep]
        const child = spawn(process.execPath, [file('simulate.ts'), ...options])
        const ended = once(child, 'exit')
        const figures = json(child.stdout)
        // It is there once each of its processes has played an episode.
        while (!existsSync(keep) && child.exitCode === null) await setTimeout(20)
        child.kill(signal)
        const played = (await figures) as Figures
        expect(played).toMatchObject({ seed: 11, violations: [] })
        expect(played.operations).toBeGreaterThan(0)
        expect(await ended).toEqual([130, null])
      } finally {
        await rm(folder, { recursive: true })
      }
    },
  )

  it('goes on where it was cut off, and comes to what it would have come to; not on another run’s figures', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drawdown-simulation-'))
    try {
      const keep = ['--keep', join(folder, 'figures.json')]
      // An episode, and one more: the first of this seed are short.
      const first = await simulate('--seed', '11', '--operations', '1', ...keep)
      const more = ['--seed', '11', '--operations', String(first.operations + 1)]
      const { seconds: _, ...both } = await simulate(...more, ...keep)
      const { seconds: __, ...whole } = await simulate(...more)
      expect(both).toEqual(whole)
      expect(first.operations).toBeLessThan(both.operations)
      await expect(simulate('--seed', '6', ...keep)).rejects.toMatchObject({ code: 2 })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a mistake in the code', () => {
  const waiting = [...BREAKAGES]
  const found = new Map<string, { messages: string[] }>()

  it.each(BREAKAGES)('can be made where the code stands now: $name', (breakage) => {
    breakFrom(breakage)
    for (const { file: path } of breakage.edits) {
      const source = readFileSync(file(`../../${path}`), 'utf8')
      expect(breakSource(`/${path}`, source)).not.toBe(source)
    }
  })

  it('is found, whichever of them it is', async () => {
    const work = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const { stdout } = await run(process.execPath, [file('run-broken.ts'), next.name, '6000'])
        found.set(next.name, JSON.parse(stdout) as { messages: string[] })
      }
    }
    await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
    const seen = BREAKAGES.map(({ name, shows }) => ({
      name,
      isShown: found.get(name)!.messages.some((message) => shows.some((text) => message.includes(text))),
      ...found.get(name)!,
    }))
    expect(seen.filter(({ isShown }) => !isShown)).toEqual([])
    // A process for each mistake: on a busy machine they take their time.
  }, 900_000)

  it('is shown by the smallest history, with the command that plays it again', async () => {
    const broken = BREAKAGES.find(({ name }) => name === 'the idempotency key is not written')!
    const { stdout } = await run(process.execPath, [file('run-broken.ts'), broken.name, '3000', 'shown'])
    const history = stdout.slice(stdout.indexOf('The smallest history'))
    expect(stdout).toMatch(/VIOLATION: A #\d+: .* was decided before/)
    expect(history.match(/, faults \d+ %, seed \d+/g)?.length).toBeLessThanOrEqual(2)
    expect(stdout).toMatch(/Play it again: npm run simulate -- --seed \d+ --operations 1 --faults all/)
  })
})

describe('the command line', () => {
  it('reads what is to be played', () => {
    expect(readArguments(['--seed', '5', '--operations', '10', '--faults', 'delay,throttle'], 0)).toEqual({
      seed: 5,
      operations: 10,
      jobs: 1,
      faultKinds: ['delay', 'throttle'],
      isJson: false,
      keep: undefined,
    })
    expect(readArguments(['--faults', 'none'], 7)).toMatchObject({ seed: 7, faultKinds: [] })
    expect(readArguments(['--help'], 0)).toBeUndefined()
  })

  it.each([
    ['--seed', 'x'],
    ['--seed', '-1'],
    ['--operations', '0'],
    ['--operations', '1e6'],
    ['--jobs', '0'],
    ['--faults', 'earthquake'],
    ['--fault', 'delay'],
  ])('refuses %s %s and names it', (option, value) => {
    expect(() => readArguments([`${option}=${value}`], 0)).toThrow(option.slice(0, 7))
  })
})
