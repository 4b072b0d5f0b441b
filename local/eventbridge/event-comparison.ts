/** One entry of a pattern's list: about the presence of the field, or about each value that it holds. */
export type Comparison = { exists: boolean } | { matches: (value: unknown) => boolean }

type Compile = (operand: unknown, place: string) => Comparison

/** Compiles one entry: a plain value, or an operator as EventBridge documents it. Any other operator throws. */
export function compileComparison(entry: unknown, place: string): Comparison {
  if (isScalar(entry)) return { matches: (value) => value === entry }
  const [operator, operand] = onlyEntry(entry, place)
  const compile = Object.hasOwn(operators, operator) ? operators[operator] : undefined
  if (!compile) {
    throw new Error(
      `Event pattern: ${place} uses '${operator}'; known are ${Object.keys(operators).join(', ')}`,
    )
  }
  return compile(operand, `${place} (${operator})`)
}

const operators: Record<string, Compile> = {
  prefix: (operand, place) => compileAffix(operand, place, (value, affix) => value.startsWith(affix)),
  suffix: (operand, place) => compileAffix(operand, place, (value, affix) => value.endsWith(affix)),
  'equals-ignore-case': (operand, place) => {
    const expected = text(operand, place).toLowerCase()
    return onText((value) => value.toLowerCase() === expected)
  },
  wildcard: (operand, place) => {
    const expression = compileWildcard(text(operand, place), place)
    return onText((value) => expression.test(value))
  },
  exists: (operand, place) => {
    if (typeof operand !== 'boolean') throw new Error(`Event pattern: ${place} must be true or false`)
    return { exists: operand }
  },
  numeric: compileNumeric,
  'anything-but': compileAnythingBut,
}

function compileAffix(
  operand: unknown,
  place: string,
  compare: (value: string, affix: string) => boolean,
): Comparison {
  if (typeof operand === 'string') return onText((value) => compare(value, operand))
  const [operator, affix] = onlyEntry(operand, place)
  if (operator !== 'equals-ignore-case')
    throw new Error(`Event pattern: ${place} does not know '${operator}'`)
  const expected = text(affix, place).toLowerCase()
  return onText((value) => compare(value.toLowerCase(), expected))
}

function compileAnythingBut(operand: unknown, place: string): Comparison {
  const unwanted = Array.isArray(operand) ? operand : [operand]
  if (unwanted.length === 0) throw new Error(`Event pattern: ${place} must name at least one value`)
  const comparisons = unwanted.flatMap((one) => {
    if (isScalar(one)) return [compileComparison(one, place)]
    const [operator, inner] = onlyEntry(one, place)
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(operator)) {
      throw new Error(`Event pattern: ${place} does not know '${operator}'`)
    }
    const list = Array.isArray(inner) ? inner : [inner]
    return list.map((each) => compileComparison({ [operator]: each }, place))
  })
  return { matches: (value) => !comparisons.some((one) => 'matches' in one && one.matches(value)) }
}

const numericComparisons: Record<string, (value: number, bound: number) => boolean> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

function compileNumeric(operand: unknown, place: string): Comparison {
  const refusal = () =>
    new Error(`Event pattern: ${place} must be one or two pairs of =, <, <=, > or >= and a number`)
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw refusal()
  const tests: ((value: number) => boolean)[] = []
  for (let index = 0; index < operand.length; index += 2) {
    const compare = numericComparisons[String(operand[index])]
    const bound: unknown = operand[index + 1]
    if (!compare || typeof bound !== 'number') throw refusal()
    tests.push((value) => compare(value, bound))
  }
  return { matches: (value) => typeof value === 'number' && tests.every((test) => test(value)) }
}

/** `*` stands for any run of characters; `\*` and `\\` for themselves. */
function compileWildcard(wildcard: string, place: string): RegExp {
  if (/\\(?![*\\])/.test(wildcard.replaceAll('\\\\', ''))) {
    throw new Error(`Event pattern: ${place} has a backslash before something else than * or \\`)
  }
  if (/\*\*/.test(wildcard.replaceAll(/\\[*\\]/g, ''))) {
    throw new Error(`Event pattern: ${place} has two * in a row`)
  }
  const source = wildcard.replaceAll(/\\[*\\]|\*|[^*\\]+/gu, (part) =>
    part === '*' ? '.*' : escapeExpression(part.startsWith('\\') ? part.slice(1) : part),
  )
  return new RegExp(`^${source}$`, 'su')
}

function escapeExpression(literal: string): string {
  return literal.replaceAll(/[\\.*+?^${}()|[\]/]/g, '\\$&')
}

function onText(matches: (value: string) => boolean): Comparison {
  return { matches: (value) => typeof value === 'string' && matches(value) }
}

function text(operand: unknown, place: string): string {
  if (typeof operand !== 'string') throw new Error(`Event pattern: ${place} must be text`)
  return operand
}

function onlyEntry(value: unknown, place: string): [string, unknown] {
  const entries =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  if (entries.length !== 1) throw new Error(`Event pattern: ${place} must hold exactly one operator`)
  return entries[0]!
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
