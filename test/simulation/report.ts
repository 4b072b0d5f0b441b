import { FAULT_KINDS, type FaultCounts, type FaultKind, noFaults } from './faults.ts'

export type SimulationReport = {
  seed: number
  episodes: number
  operations: number
  faults: FaultCounts
  /** Of everything that happened in each episode. */
  digests: string[]
  violations: { seed: number; message: string; history: string[] }[]
}

/** Of a simulation that has yet to play anything. */
export const emptyReport = (seed: number): SimulationReport => ({
  seed,
  episodes: 0,
  operations: 0,
  faults: noFaults(),
  digests: [],
  violations: [],
})

/** The reports of several processes as one. */
export function addReports(reports: readonly SimulationReport[]): SimulationReport {
  const faults = noFaults()
  for (const report of reports) for (const kind of FAULT_KINDS) faults[kind] += report.faults[kind]
  return {
    seed: reports[0]!.seed,
    episodes: reports.reduce((sum, { episodes }) => sum + episodes, 0),
    operations: reports.reduce((sum, { operations }) => sum + operations, 0),
    faults,
    digests: reports.flatMap(({ digests }) => digests),
    violations: reports.flatMap(({ violations }) => violations),
  }
}

/** For people: the figures, and each violation with the smallest history that shows it. */
export function describeReport(
  report: SimulationReport,
  seconds: number,
  kinds: readonly FaultKind[],
): string {
  const { seed, episodes, operations, faults, violations } = report
  const rate = Math.round(operations / seconds)
  const figures = [
    `seed        ${seed}`,
    `episodes    ${episodes}`,
    `operations  ${operations} in ${Math.round(seconds)} s, ${rate} per second`,
    `violations  ${violations.length}`,
    ...kinds.map((kind) => `  ${kind.padEnd(16)} ${faults[kind]}`),
  ]
  const failures = violations.map(({ seed: own, message, history }) =>
    [
      '',
      `VIOLATION: ${message}`,
      '',
      'The smallest history that was found:',
      ...history,
      '',
      `Play it again: npm run simulate -- --seed ${own} --operations 1 --faults ${listOf(kinds)}`,
    ].join('\n'),
  )
  return [...figures, ...failures].join('\n')
}

function listOf(kinds: readonly FaultKind[]): string {
  if (kinds.length === FAULT_KINDS.length) return 'all'
  return kinds.join(',') || 'none'
}
