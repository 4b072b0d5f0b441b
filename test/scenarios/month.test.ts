import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Month } from '../../cli/month/describe-month.ts'

const MONTH = fileURLToPath(new URL('../../cli/month.ts', import.meta.url))

async function run(...options: string[]) {
  const child = spawn(process.execPath, [MONTH, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [out, said, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { out, said, exitCode }
}

describe('the month command', () => {
  let month: Month
  let exitCode: number | null
  beforeAll(async () => {
    const result = await run('--json')
    exitCode = result.exitCode
    month = JSON.parse(result.out) as Month
  }, 400_000)

  it('ends well, with every invariant checked and held', () => {
    expect(month.invariants.length).toBeGreaterThanOrEqual(10)
    expect(month.invariants.filter(({ holds }) => !holds)).toEqual([])
    expect(exitCode).toBe(0)
  })

  it('shows an account of each client type, with a balance after each line', () => {
    expect(month.accounts.map(({ clientType }) => clientType)).toEqual([
      'hosted',
      'private_cloud',
      'global_infrastructure',
    ])
    for (const { entries, balance } of month.accounts) {
      expect(entries.at(-1)!.balanceAfter).toBe(balance.available)
    }
  })

  it('charges the plan of each account once, on the first or when a later top-up settles it', () => {
    const plans = month.accounts.map(({ entries }) =>
      entries.map(({ kind }) => kind).filter((kind) => kind !== 'usage'),
    )
    expect(plans).toEqual([
      ['top_up', 'plan'],
      // The shortfall that its warning told, and that it topped up exactly, reckoned with the calls until the first.
      ['top_up', 'top_up', 'plan'],
      ['top_up', 'plan_short', 'top_up', 'plan'],
    ])
  })

  it('warns the two accounts that are short, and not the one that is covered', () => {
    const warned = month.emails.filter(({ subject }) => subject.startsWith('Top up '))
    expect(warned.map(({ to }) => to[0]!.split('@')[1]).toSorted()).toEqual([
      'global-infrastructure-sample.example.com',
      'private-cloud-sample.example.com',
    ])
  })

  it('tells each account once that its credit is low, when its plan has been charged', () => {
    const told = month.emails.filter(({ subject }) => /low/i.test(subject))
    expect(told.map(({ to }) => to[0]!.split('@')[1]).toSorted()).toEqual([
      'global-infrastructure-sample.example.com',
      'hosted-sample.example.com',
      'private-cloud-sample.example.com',
    ])
  })

  it('accounts for every line of the file', () => {
    const { lines, sent, setAside, badLines } = month.calls
    expect(sent + setAside.length + badLines.length).toBe(lines)
  })
})

describe('the month command with a file that it cannot use', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drawdown-files-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([
    ['a file that is not there', undefined, 'cannot be read'],
    ['an empty file', '', 'no lines'],
    ['a file of something else', 'name,colour\nbear,brown\n', 'not call records of a known layout'],
  ])('says so and ends with 2: %s', async (_name, content, message) => {
    const file = join(folder, 'calls.csv')
    if (content !== undefined) await writeFile(file, content)
    const { said, exitCode, out } = await run('--cdr', file)
    expect(said).toContain(message)
    expect(said).not.toContain('    at ')
    expect(out).toBe('')
    expect(exitCode).toBe(2)
  })

  it('says so for an option that it does not have', async () => {
    const { said, exitCode } = await run('--cdrs', 'x')
    expect(said).toContain('--cdrs')
    expect(exitCode).toBe(2)
  })
})
