export type Goal = { atMost: number } | { atLeast: number }

/** One figure of the bench: what was measured, in what, whether it is good enough, and how it came about. */
export type Figure = {
  name: string
  value: number
  unit: string
  /** Absent for a figure that only explains another one. */
  goal?: Goal
  /** What was done, and what the figure is a ratio to. */
  how: string
}

/** Told as soon as a figure is there. */
export type Tell = (figure: Figure) => void

export function holds({ value, goal }: Figure): boolean {
  if (goal === undefined) return true
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast
}

/** As a figure stands in JSON. A goal is `<= 6` or `>= 0.9`, or null. */
export function figureAsData(figure: Figure) {
  const { name, value, unit, goal, how } = figure
  return { name, value: rounded(value), unit, goal: describeGoal(goal) ?? null, holds: holds(figure), how }
}

/** As a figure stands on the screen, in two lines. */
export function describeFigure(figure: Figure): string {
  const { name, value, unit, goal, how } = figure
  const mark = goal === undefined ? ' ' : holds(figure) ? '✓' : '✗'
  const wanted = goal === undefined ? '' : `   (goal ${describeGoal(goal)})`
  return `${mark} ${name}: ${rounded(value)} ${unit}${wanted}\n    ${how}`
}

function describeGoal(goal: Goal | undefined): string | undefined {
  if (goal === undefined) return undefined
  return 'atMost' in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`
}

/** Four digits that mean something; whole numbers stay whole. */
export function rounded(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
