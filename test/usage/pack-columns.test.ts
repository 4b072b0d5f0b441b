import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Plain, type PlainRow, packColumns, unpackColumns } from '../../functions/usage/pack-columns.ts'

const unpack = (packed: Uint8Array) => unpackColumns<PlainRow[][], Plain>(packed)

const uuid = fc.uuid()
const digits = fc.stringMatching(/^\+?[0-9]{0,17}$/)
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: 1_793_606_400_000, max: 1_793_606_500_000 }),
)
const leaf: fc.Arbitrary<Plain> = fc.oneof(uuid, digits, number, fc.string(), fc.boolean(), fc.constant(null))

/** Rows of a few shapes, each of whose columns is of one kind, as usage has them. */
const table = fc
  .record({ name: fc.oneof(uuid, digits, number, leaf), kind: fc.constantFrom(uuid, digits, number, leaf) })
  .chain(({ kind }) =>
    fc.array(
      fc.record(
        {
          said: kind,
          always: number,
          nested: fc.record({ inner: kind, list: fc.array(leaf, { maxLength: 3 }) }),
        },
        { requiredKeys: ['always'] },
      ),
      { maxLength: 40 },
    ),
  ) as unknown as fc.Arbitrary<PlainRow[]>

describe('packed tables', () => {
  it('come back as they were, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(table, { maxLength: 3 }), leaf, (tables, common) => {
        expect(unpack(packColumns(tables, common))).toEqual({ tables, common })
      }),
    )
  })

  it.each<[string, Plain[]]>([
    ['all the same', ['a', 'a', 'a']],
    ['counting', [7, 8, 9, 10]],
    ['counting down', [3, 2, 1]],
    ['small numbers', [3, 1, 4, 1, 5, 926_535]],
    ['numbers below zero', [3, -1, 0, -1_000_000]],
    ['instants', [1_793_606_400_000, 1_793_606_400_117, 1_793_606_400_002]],
    ['the largest numbers', [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0]],
    ['fractions', [0.5, 1.25]],
    ['telephone numbers', ['+4930123456', '+12025550163', '+999999999999999']],
    ['digits without a sign', ['49', '1', '4420']],
    ['digits that would not come back', ['0049', '49', '1234567890123456']],
    ['signs of both kinds', ['+49', '49']],
    ['UUIDv7', ['01a18e0c-2a00-7b3c-9d8e-000000000001', '01a18e0c-2a75-7fff-bfff-ffffffffffff']],
    [
      'UUIDs of several versions',
      ['01a18e0c-2a00-7b3c-9d8e-000000000001', '8d8ac610-566d-4ef0-9c22-186b2a5ed793'],
    ],
    ['UUIDs in capitals', ['01A18E0C-2A00-7B3C-9D8E-000000000001', '01A18E0C-2A00-7B3C-9D8E-000000000002']],
    ['a member named __proto__ or like a number', ['__proto__', '0']],
    ['of several kinds', [1, '1', null, true]],
  ])('come back as they were: %s', (_, values) => {
    const rows = values.map((value) => ({ value, other: { same: `${value}` } }))
    expect(unpack(packColumns([rows, []], null))).toEqual({ tables: [rows, []], common: null })
  })

  it('are refused in a format that is not known', () => {
    expect(() => unpack(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0))).toThrow('format 2')
  })

  it('take few bytes for a call beside the random part of its id', () => {
    const calls = Array.from({ length: 100 }, (_, index) => ({
      source: 'urn:switch:berlin-1',
      number: index + 1,
      id: `01a18e0c-${(0x2a00 + 7 * index * index).toString(16).padStart(4, '0').slice(-4)}-7b3c-9d8e-${String(index * 7919).padStart(12, '0')}`,
      seconds: (index * 37) % 311,
      attributes: { destination: `+49301${String((index * 104_729) % 1_000_000).padStart(6, '0')}` },
    }))
    expect(packColumns([calls], null).length).toBeLessThan(100 * (10 + 10))
  })
})
