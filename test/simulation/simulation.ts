import { inside, installVirtualTime } from './virtual-time.ts'

installVirtualTime()

import { serviceAddress } from './boundary.ts'
import { type EpisodeResult, playEpisode } from './episode.ts'
import type { FaultKind } from './faults.ts'
import type { Invocation } from './invocation.ts'
import { episodeSeed } from './random.ts'
import { emptyReport, type SimulationReport } from './report.ts'

Object.assign(process.env, {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'simulation',
  AWS_SECRET_ACCESS_KEY: 'simulation',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  // Each fault is to reach the code itself, and not to be made up for beneath it.
  AWS_MAX_ATTEMPTS: '1',
  AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
  AWS_ENDPOINT_URL_DYNAMODB: serviceAddress('dynamodb'),
  AWS_ENDPOINT_URL_SQS: serviceAddress('sqs'),
  AWS_ENDPOINT_URL_EVENTBRIDGE: serviceAddress('events'),
  AWS_ENDPOINT_URL_SECRETS_MANAGER: serviceAddress('secretsmanager'),
  AWS_ENDPOINT_URL_S3: serviceAddress('s3'),
  POWERTOOLS_LOG_LEVEL: process.env.POWERTOOLS_LOG_LEVEL ?? 'SILENT',
  POWERTOOLS_METRICS_DISABLED: 'true',
})

export type SimulationOptions = {
  seed: number
  operations: number
  faultKinds: readonly FaultKind[]
  shrinkMilliseconds: number
  /** Which episodes are played, where several processes share them: by default the first, and each. */
  firstEpisode?: number
  episodeStep?: number
  /** What was played before: it goes on behind that. */
  from?: SimulationReport
  onProgress?: (report: SimulationReport) => void
  /** Asked between episodes, and in the search for a smaller history: true ends it with what there is. */
  isCalledOff?: () => boolean
}

/** Plays episodes until so many operations are done, one of them shows a violation, or it is called off. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const { interpose } = await import('./boundary.ts')
  const { startSimulationDatabase } = await import('./database.ts')
  const { loadHandlers } = await import('./workers.ts')
  const database = await startSimulationDatabase()
  interpose(() => (inside.getStore() as Invocation | undefined)?.carry)
  const coldStart = await loadHandlers()
  const { firstEpisode = 0, episodeStep = 1 } = options
  const report = structuredClone(options.from) ?? emptyReport(options.seed)
  const isDone = () =>
    report.operations >= options.operations ||
    report.violations.length > 0 ||
    options.isCalledOff?.() === true
  const faults = { enabled: new Set(options.faultKinds), counts: report.faults }
  try {
    while (!isDone()) {
      const seed = episodeSeed(options.seed, firstEpisode + report.episodes * episodeStep)
      note(report, seed, await playEpisode({ ...options, database, coldStart, seed, faults }))
      options.onProgress?.(report)
    }
  } finally {
    await database.stop()
  }
  return report
}

function note(
  report: SimulationReport,
  seed: number,
  { operationCount, digest, violation }: EpisodeResult,
): void {
  report.episodes += 1
  report.operations += operationCount
  report.digests.push(digest)
  if (violation) report.violations.push({ seed, ...violation })
}
