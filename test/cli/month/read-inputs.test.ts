import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InputProblem, readCalls, readRates } from '../../../cli/month/read-inputs.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawdown-calls-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function callsOf(...starts: string[]): Promise<string> {
  const file = join(folder, 'Master.csv')
  await writeFile(
    file,
    ['dst,start,billsec,duration', ...starts.map((start) => `49301,${start},5,5`)].join('\n'),
  )
  return file
}

describe('a file of call records', () => {
  it('may touch up to 24 months', async () => {
    const { records } = await readCalls(await callsOf('2025-01-01 00:00:00', '2026-12-31 23:59:59'))
    expect(records).toHaveLength(2)
  })

  it('is refused with both lines named when one of them is of a clock that was wrong', async () => {
    const read = readCalls(await callsOf('2026-11-03 10:00:00', '1970-01-01 00:00:10'))
    await expect(read).rejects.toThrow(InputProblem)
    await expect(read).rejects.toThrow(/line 3 is of 1970-01-01 and line 2 is of 2026-11-03: 683 months/)
  })
})

describe('a rate deck', () => {
  it('is refused before anything is played, with each bad line named', async () => {
    const file = join(folder, 'rates.csv')
    await writeFile(file, 'prefix,rate_cost\n44,abc\n1,0.01\nx,0.1\n')
    const read = readRates(file)
    await expect(read).rejects.toThrow(InputProblem)
    await expect(read).rejects.toThrow(/line 2: rate_cost "abc" must be.*\n.*line 4: prefix "x" must be/)
  })

  it('is taken as it stands when all its lines are good', async () => {
    expect(await readRates(undefined)).toContain('rate_cost')
  })
})
