import { type ChildProcess, fork } from 'node:child_process'
import { type Arguments, HELP, readArguments } from './arguments.ts'
import { type KeptFigures, keepFigures } from './kept-figures.ts'
import { addReports, describeReport, emptyReport, type SimulationReport } from './report.ts'

/** How long to look for the smallest history of a violation. */
const SHRINK_MILLISECONDS = 120_000
const CANNOT_START = 2
const CALLED_OFF = 130
const MINUTE = 60_000

const wanted = readOrEnd()
const figures = wanted.keep === undefined ? undefined : keepFigures(wanted.keep, wanted)
const kept = readKeptOrEnd()
const startedAt = performance.now()
const newest: SimulationReport[] = kept ? [...kept.reports] : []
const children: ChildProcess[] = []
let calledOffAt: number | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, callOff)
const { isTTY } = process.stderr
if (!isTTY) setInterval(() => console.error(describeProgress()), MINUTE).unref()
const reports = await Promise.all(Array.from({ length: wanted.jobs }, (_, job) => runJob(wanted, job)))
if (isTTY) process.stderr.write('\r\u001b[K')
const report = addReports(reports)
const seconds = secondsSoFar()
if (wanted.isJson) {
  const { digests, ...told } = report
  console.log(JSON.stringify({ ...told, seconds: Math.round(seconds) }, undefined, 2))
} else console.log(describeReport(report, seconds, wanted.faultKinds))
if (report.violations.length > 0) process.exitCode = 1
else if (calledOffAt !== undefined) process.exitCode = CALLED_OFF

function readOrEnd(): Arguments {
  try {
    const read = readArguments(process.argv.slice(2), Date.now())
    if (read) return read
    console.log(HELP)
    process.exit(0)
  } catch (error) {
    console.error(`${(error as Error).message}\n\nnpm run simulate -- --help says what there is.`)
    process.exit(CANNOT_START)
  }
}

function readKeptOrEnd(): KeptFigures | undefined {
  try {
    return figures?.read()
  } catch (error) {
    console.error((error as Error).message)
    process.exit(CANNOT_START)
  }
}

/** Also those of earlier runs that this one goes on from. */
function secondsSoFar(): number {
  return (kept?.seconds ?? 0) + (performance.now() - startedAt) / 1000
}

/** A process that plays its share of the episodes. */
function runJob({ seed, operations, jobs, faultKinds }: Arguments, job: number): Promise<SimulationReport> {
  const share = Math.ceil(operations / jobs)
  const options = {
    seed,
    operations: share,
    faultKinds,
    shrinkMilliseconds: SHRINK_MILLISECONDS,
    firstEpisode: job,
    episodeStep: jobs,
    from: newest[job],
  }
  return new Promise((resolve, reject) => {
    const child = fork(new URL('run-job.ts', import.meta.url), [JSON.stringify(options)])
    children.push(child)
    let last: SimulationReport | undefined
    child.on('message', (message) => {
      last = message as SimulationReport
      newest[job] = last
      if (newest.filter(Boolean).length === jobs) figures?.write({ seconds: secondsSoFar(), reports: newest })
      if (isTTY) process.stderr.write(`\r\u001b[K${describeProgress()}`)
      // The others need not play on for it to be told.
      if (last.violations.length > 0) stopChildren()
    })
    child.on('exit', (code) =>
      (code === 0 && last) || calledOffAt !== undefined
        ? resolve(last ?? emptyReport(seed))
        : reject(new Error(`a process of the simulation ended with ${code}`)),
    )
  })
}

/** Lets the episodes that are being played come to their end; the second time, it ends at once. */
function callOff(): void {
  // A terminal and npm may both pass on the same Ctrl-C.
  const since = performance.now() - (calledOffAt ?? performance.now())
  if (since > 1000) process.exit(CALLED_OFF)
  if (calledOffAt !== undefined) return
  calledOffAt = performance.now()
  console.error('\nends after the episodes that are being played; once more ends it at once')
  stopChildren()
}

function stopChildren(): void {
  for (const child of children) child.kill('SIGTERM')
}

function describeProgress(): string {
  const done = newest.reduce((sum, each) => sum + (each?.operations ?? 0), 0)
  const perSecond = Math.round(done / secondsSoFar())
  return `${done} of ${wanted.operations} operations, ${perSecond} per second`
}
