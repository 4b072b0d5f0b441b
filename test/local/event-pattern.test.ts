import { describe, expect, test } from 'vitest'
import { compileEventPattern } from '../../local/eventbridge/event-pattern.ts'

const event = {
  source: 'drawdown',
  'detail-type': 'top_up.settled',
  resources: ['arn:1', 'arn:2'],
  detail: {
    amount: 12.5,
    name: 'Example Ltd',
    file: 'cdr/2026-12/master.csv',
    star: 'a*b\\c',
    none: null,
    empty: [],
    lines: [
      { kind: 'call', seconds: 30 },
      { kind: 'sms', seconds: 0 },
    ],
  },
}

describe('an event pattern', () => {
  const matching: [string, unknown][] = [
    ['exact text', { source: ['other', 'drawdown'] }],
    ['exact number', { detail: { amount: [12.5] } }],
    ['null', { detail: { none: [null] } }],
    ['an element of an array', { resources: ['arn:2'] }],
    ['prefix', { 'detail-type': [{ prefix: 'top_up.' }] }],
    ['prefix ignoring case', { source: [{ prefix: { 'equals-ignore-case': 'DRAW' } }] }],
    ['suffix', { detail: { file: [{ suffix: '.csv' }] } }],
    ['suffix ignoring case', { detail: { file: [{ suffix: { 'equals-ignore-case': '.CSV' } }] } }],
    ['equals-ignore-case', { detail: { name: [{ 'equals-ignore-case': 'EXAMPLE ltd' }] } }],
    ['wildcard', { detail: { file: [{ wildcard: 'cdr/*/master.*' }] } }],
    ['wildcard with escapes', { detail: { star: [{ wildcard: 'a\\*b\\\\*' }] } }],
    ['anything-but one', { source: [{ 'anything-but': 'other' }] }],
    ['anything-but several', { detail: { amount: [{ 'anything-but': [1, 2] }] } }],
    ['anything-but prefix', { source: [{ 'anything-but': { prefix: 'x' } }] }],
    ['anything-but suffixes', { source: [{ 'anything-but': { suffix: ['x', 'y'] } }] }],
    ['anything-but wildcard', { source: [{ 'anything-but': { wildcard: 'x*' } }] }],
    ['numeric range', { detail: { amount: [{ numeric: ['>', 10, '<=', 12.5] }] } }],
    ['numeric equality', { detail: { amount: [{ numeric: ['=', 12.5] }] } }],
    ['exists', { detail: { none: [{ exists: true }] } }],
    ['exists not', { detail: { other: [{ exists: false }] } }],
    ['exists not, in a missing object', { detail: { other: { deeper: [{ exists: false }] } } }],
    ['$or', { $or: [{ source: ['x'] }, { detail: { amount: [{ numeric: ['>', 1] }] } }] }],
    ['$or within a field', { detail: { $or: [{ amount: [1] }, { name: ['Example Ltd'] }] } }],
    ['both fields in one element', { detail: { lines: { kind: ['call'], seconds: [30] } } }],
  ]
  test.each(matching)('matches by %s', (_name, pattern) => {
    expect(compileEventPattern(pattern)(event)).toBe(true)
  })

  const other: [string, unknown][] = [
    ['another text', { source: ['Drawdown'] }],
    ['a number as text', { detail: { amount: ['12.5'] } }],
    ['one field of two', { source: ['drawdown'], 'detail-type': ['plan.charged'] }],
    ['fields of different elements', { detail: { lines: { kind: ['sms'], seconds: [30] } } }],
    ['anything-but the value', { source: [{ 'anything-but': ['drawdown'] }] }],
    ['anything-but on a missing field', { detail: { other: [{ 'anything-but': 'x' }] } }],
    ['exists on an object', { detail: [{ exists: true }] }],
    ['numeric on text', { detail: { name: [{ numeric: ['>', 0] }] } }],
    ['a wildcard that is an expression', { detail: { name: [{ wildcard: 'Example.Ltd' }] } }],
    ['an inherited field', { detail: { toString: [{ exists: true }] } }],
  ]
  test.each(other)('does not match by %s', (_name, pattern) => {
    expect(compileEventPattern(pattern)(event)).toBe(false)
  })

  const wrong: [string, unknown, RegExp][] = [
    ['an unknown operator', { source: [{ cidr: '10.0.0.0/8' }] }, /source uses 'cidr'/],
    ['an empty pattern', {}, /at least one field/],
    ['an empty list', { source: [] }, /at least one value/],
    ['a value that is not in a list', { source: 'drawdown' }, /source must be an object/],
    ['two operators in one', { source: [{ prefix: 'a', suffix: 'b' }] }, /exactly one operator/],
    ['numeric with text', { detail: { a: [{ numeric: ['>', '1'] }] } }, /detail\.a \(numeric\)/],
    ['two stars in a row', { source: [{ wildcard: 'a**' }] }, /two \*/],
    ['a single alternative', { $or: [{ source: ['a'] }] }, /at least two/],
    [
      'an unknown inner operator',
      { source: [{ 'anything-but': { numeric: ['=', 1] } }] },
      /does not know 'numeric'/,
    ],
  ]
  test.each(wrong)('is refused with %s, naming the place', (_name, pattern, message) => {
    expect(() => compileEventPattern(pattern)).toThrow(message)
  })
})
