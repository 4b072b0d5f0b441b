import { fork } from 'node:child_process'
import { type Arguments, HELP, readArguments } from './arguments.ts'
import { addReports, describeReport } from './report.ts'
import type { SimulationReport } from './simulation.ts'

/** How long to look for the smallest history of a violation. */
const SHRINK_MILLISECONDS = 120_000
const CANNOT_START = 2

const wanted = readOrEnd()
const startedAt = performance.now()
const newest: SimulationReport[] = []
const reports = await Promise.all(Array.from({ length: wanted.jobs }, (_, job) => runJob(wanted, job)))
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
const report = addReports(reports)
const seconds = (performance.now() - startedAt) / 1000
if (wanted.isJson) {
  const { digests, ...figures } = report
  console.log(JSON.stringify({ ...figures, seconds: Math.round(seconds) }, undefined, 2))
} else console.log(describeReport(report, seconds, wanted.faultKinds))
process.exitCode = report.violations.length > 0 ? 1 : 0

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
  }
  return new Promise((resolve, reject) => {
    const child = fork(new URL('run-job.ts', import.meta.url), [JSON.stringify(options)])
    let last: SimulationReport | undefined
    child.on('message', (message) => {
      last = message as SimulationReport
      newest[job] = last
      showProgress(operations)
    })
    child.on('exit', (code) =>
      code === 0 && last
        ? resolve(last)
        : reject(new Error(`a process of the simulation ended with ${code}`)),
    )
  })
}

function showProgress(operations: number): void {
  if (!process.stderr.isTTY) return
  const done = newest.reduce((sum, each) => sum + (each?.operations ?? 0), 0)
  const perSecond = Math.round(done / ((performance.now() - startedAt) / 1000))
  process.stderr.write(`\r\u001b[K${done} of ${operations} operations, ${perSecond} per second`)
}
