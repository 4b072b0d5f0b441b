import { describe, expect, it } from 'vitest'
import { readOptions, UsageProblem } from '../../../cli/drawdown/command.ts'

const options = { tip: { type: 'string' }, api: { type: 'string' }, json: { type: 'boolean' } } as const
const read = (...args: string[]) => readOptions(args, options)

describe('a command’s options', () => {
  it('take a hash that begins with a minus, as one in 64 does', () => {
    for (const tip of ['-wZ', '--Z', 'Z-'])
      expect(read('a.json', '--tip', tip, '--json')).toMatchObject({
        values: { tip, json: true },
        positionals: ['a.json'],
      })
  })

  it('are not taken for the value of the one before', () => {
    expect(() => read('--tip', '--api', 'x')).toThrow(UsageProblem)
    expect(() => read('--tip')).toThrow(UsageProblem)
    expect(() => read('--other', 'x')).toThrow('--other')
  })
})
