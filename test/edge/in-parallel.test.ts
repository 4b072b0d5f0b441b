import { describe, expect, it } from 'vitest'
import { inParallel } from '../../functions/edge/in-parallel.ts'

describe('running in parallel', () => {
  it('runs each item once, never more at once than allowed, and keeps the results in order', async () => {
    const items = Array.from({ length: 50 }, (_, index) => index)
    const ran: number[] = []
    let [running, most] = [0, 0]
    const results = await inParallel(items, 7, async (item) => {
      running += 1
      most = Math.max(most, running)
      ran.push(item)
      for (let turn = 0; turn <= (item * 13) % 5; turn += 1) await Promise.resolve()
      running -= 1
      return item * 2
    })
    expect(results).toEqual(items.map((item) => item * 2))
    expect(ran.toSorted((one, other) => one - other)).toEqual(items)
    expect(most).toBe(7)
    expect(await inParallel([], 7, async () => 1)).toEqual([])
  })

  it('throws what the first run throws, and begins no further one', async () => {
    const begun: number[] = []
    const running = inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item)
      if (item === 1) throw new Error('one failed')
      await new Promise(setImmediate)
    })
    await expect(running).rejects.toThrow('one failed')
    await new Promise(setImmediate)
    expect(begun).toEqual([0, 1])
  })
})
