import { z } from 'zod'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { runReply, runSummaryReply } from './present-run.ts'
import { runRoutes } from './runs.routes.ts'

const tag = 'Monthly runs'

export const listRuns = defineRoute({
  route: runRoutes.listRuns,
  summary: 'The months that were charged, the latest first; staff',
  tag,
  callers: ['staff'],
  query: z.strictObject({ limit: limitSchema(60, 12), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page',
      schema: z.object({ runs: z.array(runSummaryReply), nextCursor: z.string().optional() }),
    },
  },
})

export const readRun = defineRoute({
  route: runRoutes.readRun,
  summary:
    'How far the charge of a month has come, whom it could not charge, and what its closing scan found; staff',
  tag,
  callers: ['staff'],
  params: z.strictObject({
    period: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-12')
      .meta({ examples: ['2026-12'] }),
  }),
  responses: { 200: { description: 'The run as it is now', schema: runReply } },
  problems: ['run_not_found'],
})

export const runsApi = [listRuns, readRun]
