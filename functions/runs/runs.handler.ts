import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { DUE_SHARDS } from '../plans/plan-keys.ts'
import { presentRun, presentSummary } from './present-run.ts'
import { createRunStore } from './run.store.ts'
import { progressOf } from './run-progress.ts'
import { listRuns, readRun } from './runs.api.ts'
import { createScanStore } from './scan.store.ts'
import { createSegmentStore } from './segment.store.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const options = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const runs = createRunStore(options)
const segments = createSegmentStore(options)
const scans = createScanStore(options)

const positionSchema = z.strictObject({ before: z.string().max(7) })

export const handler = httpHandler(
  bind(listRuns, async ({ query: { limit, cursor } }) => {
    const page = await runs.list({ limit, before: readCursor(positionSchema, cursor)?.before })
    const found = await scans.readMany(page.map(({ period }) => period))
    const last = page.length < limit ? undefined : page.at(-1)
    return {
      status: 200,
      body: {
        runs: page.map((run) => presentSummary(run, found.get(run.period))),
        nextCursor: last && writeCursor({ before: last.period }),
      },
    }
  }),

  bind(readRun, async ({ params: { period } }) => {
    const run = await runs.read(period)
    if (!run) throw new Problem('run_not_found', `Nothing of ${period} has been charged yet.`)
    const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => segments.list(period, shard))
    const [found, scan] = await Promise.all([Promise.all(shards), scans.read(period)])
    const progress = progressOf(found.flat(), new Date().toISOString())
    return { status: 200, body: presentRun(run, progress, scan) }
  }),
)
