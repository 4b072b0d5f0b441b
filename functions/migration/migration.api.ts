import { z } from 'zod'
import { isDay } from '../accounts/local-day.ts'
import { defineRoute } from '../edge/route.ts'
import { moneyReply } from '../ledger/money.ts'
import { migrationRoutes } from './migration.routes.ts'
import { COLUMNS, REFUSAL_REASONS } from './migration-line.ts'
import { MODES, UNDECIDED_REASONS, VERDICTS } from './migration-report.ts'

export const CSV = 'text/csv'
export const JSON_LINES = 'application/x-ndjson'
export const MOST_LINES = 1000

const LARGEST_BODY_BYTES = 1024 * 1024
const [EARLIEST, LATEST] = ['2000-01-01', '2100-12-31']

const cutOverSchema = z
  .string()
  .refine(
    (text) => isDay(text) && text >= EARLIEST && text <= LATEST,
    `must be a day such as "2018-07-01", from ${EARLIEST} to ${LATEST}`,
  )
  .meta({ format: 'date', examples: ['2018-07-01'] })

const dayReply = z.string().meta({ format: 'date' })

export const migrationLineReply = z
  .object({
    line: z.int().meta({ description: 'of the body, from 1; of CSV, the header is a line too' }),
    verdict: z.enum(VERDICTS),
    credit: moneyReply.optional(),
    paidFrom: dayReply.optional(),
    paidThrough: dayReply.optional(),
    daysPaid: z.int().optional(),
    creditedFrom: dayReply.optional(),
    daysCredited: z.int().optional(),
    arithmetic: z
      .string()
      .optional()
      .meta({ examples: ['30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD'] }),
    transaction: z.int().optional().meta({
      description: 'the account’s transaction that has credited it; of a refused line, the one in its way',
    }),
    lineAbove: z.int().optional().meta({
      description:
        'the line above with this account and reference: it says the same, or of a refused line something else',
    }),
    reason: z.enum([...REFUSAL_REASONS, ...UNDECIDED_REASONS]).optional(),
    column: z
      .enum(COLUMNS)
      .optional()
      .meta({ description: 'what has to change; absent: the line as a whole' }),
    detail: z.string().optional(),
    given: z.partialRecord(z.enum(COLUMNS), z.string()).meta({ description: 'the line as it came' }),
  })
  .meta({ id: 'MigrationLineReport' })

export const giveMigrationCredits = defineRoute({
  route: migrationRoutes.giveMigrationCredits,
  summary: 'Credit what clients had paid to another billing beyond a cut-over day, or simulate it; staff',
  tag: 'Migration',
  callers: ['staff'],
  query: z.strictObject({
    cutOver: cutOverSchema.meta({
      description: 'the first day that is billed here: paid days from it on are credited',
    }),
    mode: z
      .enum(MODES)
      .default('simulate')
      .meta({ description: '`simulate` writes nothing and says what `commit` would do' }),
  }),
  textBody: [CSV, JSON_LINES],
  largestBodyBytes: LARGEST_BODY_BYTES,
  responses: {
    200: {
      description:
        'The report of every line. Each line has a key of its own, made of account and reference: sent again, in whatever file, it is credited once. `undecided` lines are to be sent again.',
      schema: z.object({
        cutOver: dayReply,
        mode: z.enum(MODES),
        lineCount: z.int(),
        creditedCount: z.int(),
        wouldCreditCount: z.int(),
        alreadyCreditedCount: z.int(),
        refusedCount: z.int(),
        undecidedCount: z.int(),
        sums: z
          .array(z.object({ credited: moneyReply, wouldCredit: moneyReply, alreadyCredited: moneyReply }))
          .meta({ description: 'one for each currency; a line that repeats another counts once' }),
        ignoredColumns: z.array(z.string()),
        lines: z.array(migrationLineReply),
      }),
    },
  },
  problems: ['body_too_large'],
})

export const migrationApi = [giveMigrationCredits]
