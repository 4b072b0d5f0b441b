import { type Comparison, compileComparison } from './event-comparison.ts'

/** Says whether an event matches. */
export type EventMatch = (event: unknown) => boolean

/**
 * Compiles an EventBridge event pattern: every named field must match one of its comparisons, `$or` any of its alternatives; an
 * array in the event matches when one of its elements does. Throws, naming the place, on anything that is not such a pattern.
 */
export function compileEventPattern(pattern: unknown): EventMatch {
  return compileFields(pattern, 'the pattern')
}

function compileFields(pattern: unknown, place: string): EventMatch {
  if (!isRecord(pattern) || Object.keys(pattern).length === 0) {
    throw new Error(`Event pattern: ${place} must be an object with at least one field`)
  }
  const matches = Object.entries(pattern).map(([field, expected]) => {
    const here = place === 'the pattern' ? field : `${place}.${field}`
    if (field === '$or') return compileAlternatives(expected, here)
    return compileField(field, expected, here)
  })
  return (event) => matches.every((match) => match(event))
}

function compileAlternatives(alternatives: unknown, place: string): EventMatch {
  if (!Array.isArray(alternatives) || alternatives.length < 2) {
    throw new Error(`Event pattern: ${place} must be a list of at least two patterns`)
  }
  const matches = alternatives.map((alternative, index) => compileFields(alternative, `${place}[${index}]`))
  return (event) => matches.some((match) => match(event))
}

function compileField(field: string, expected: unknown, place: string): EventMatch {
  if (Array.isArray(expected)) {
    if (expected.length === 0) throw new Error(`Event pattern: ${place} must list at least one value`)
    const comparisons = expected.map((one) => compileComparison(one, place))
    return (event) => matchesLeaf(fieldOf(event, field), comparisons)
  }
  const nested = compileFields(expected, place)
  return (event) => {
    const value = fieldOf(event, field)
    // All fields of a nested pattern must match within one and the same element of an array.
    return Array.isArray(value) && value.length > 0 ? value.some(nested) : nested(value)
  }
}

function matchesLeaf(value: unknown, comparisons: Comparison[]): boolean {
  const values = Array.isArray(value) ? value : [value]
  // `exists` is about leaves: a field that holds an object does not count.
  const leaves = values.filter((one) => one !== undefined && !isRecord(one))
  return comparisons.some((comparison) =>
    'exists' in comparison ? comparison.exists === leaves.length > 0 : leaves.some(comparison.matches),
  )
}

function fieldOf(event: unknown, field: string): unknown {
  return isRecord(event) && Object.hasOwn(event, field) ? event[field] : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
