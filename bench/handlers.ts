import type { Handler } from './invoke.ts'

export const HANDLER_FILES = {
  openAccount: 'accounts/accounts',
  giveCredit: 'credits/give-credit',
  importRateDeck: 'prices/import-rate-deck',
  setPrice: 'prices/prices',
  publishTerms: 'terms/terms',
  takeUsage: 'usage/take-usage',
  deductUsage: 'usage/deduct-usage',
  chargeNow: 'charges/charge-now',
  publishEntries: 'events/publish-entries',
  alertLowCredit: 'notices/alert-low-credit',
  findDue: 'plans/find-due',
  chargeSegment: 'runs/charge-segment',
  scanRun: 'runs/scan-run',
} as const

export type Handlers = Record<keyof typeof HANDLER_FILES, Handler>

let loads = 0

/**
 * The functions as they are deployed, with clients of their own for this database and nothing remembered yet: as after a
 * cold start. An SDK client looks up its endpoint at its first call, so one set has to be done with before the next is loaded.
 */
export async function loadHandlers(databaseUrl: string): Promise<Handlers> {
  process.env.AWS_ENDPOINT_URL_DYNAMODB = databaseUrl
  loads += 1
  const loaded = Object.entries(HANDLER_FILES).map(async ([name, file]) => {
    const { handler } = await import(`../functions/${file}.handler.ts?load=${loads}`)
    return [name, handler]
  })
  return Object.fromEntries(await Promise.all(loaded))
}
