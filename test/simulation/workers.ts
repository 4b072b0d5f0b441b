import { readFileSync } from 'node:fs'
import { transformSync } from 'esbuild'
import { breakSource } from './break-source.ts'

/** The Lambdas of the money path, by the name of their file. */
export const HANDLERS = [
  'accounts/accounts',
  'auto-top-up/auto-top-up',
  'auto-top-up/check-auto-top-up',
  'cards/change-cards',
  'cards/watch-cards',
  'charges/charge-now',
  'credits/give-credit',
  'credits/refund-entry',
  'credits/reverse-entry',
  'events/publish-entries',
  'holds/authorise-hold',
  'holds/expire-hold',
  'holds/settle-hold',
  'lots/expire-lots',
  'lots/watch-lots',
  'plans/change-plan',
  'plans/charge-month',
  'plans/find-due',
  'plans/plans',
  'prices/prices',
  'refunds/request-refund',
  'ring-fence/ring-fence',
  'runs/charge-segment',
  'statements/statements',
  'top-up/publish-payments',
  'top-up/receive-payment-event',
  'top-up/reconcile-payments',
  'top-up/top-up',
  'usage/deduct-usage',
  'usage/take-usage',
] as const
export type HandlerName = (typeof HANDLERS)[number]
export type Handler = (event: unknown, context: unknown) => Promise<unknown>
export type ColdStart = (name: HandlerName) => Handler

type Evaluate = (load: (specifier: string) => unknown, module: { exports: Record<string, unknown> }) => void

/**
 * Reads the handlers and loads what they import. The result starts one: it evaluates the handler's own module anew, as a new Lambda
 * instance does, so that clients, caches and whatever a handler remembers are its own. The modules beneath hold no state.
 */
export async function loadHandlers(): Promise<ColdStart> {
  const programs = new Map<HandlerName, { evaluate: Evaluate; imports: Map<string, unknown> }>()
  for (const name of HANDLERS) programs.set(name, await loadProgram(name))
  return (name) => {
    const { evaluate, imports } = programs.get(name)!
    const module = { exports: {} as Record<string, unknown> }
    evaluate((specifier) => imports.get(specifier), module)
    return module.exports.handler as Handler
  }
}

async function loadProgram(name: HandlerName) {
  const url = new URL(`../../functions/${name}.handler.ts`, import.meta.url)
  const source = breakSource(url.href, readFileSync(url, 'utf8'))
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'node24' })
  const imports = new Map<string, unknown>()
  for (const [, specifier] of code.matchAll(/\brequire\("([^"]+)"\)/g)) {
    const target = specifier!.startsWith('.') ? new URL(specifier!, url).href : specifier!
    const namespace = (await import(target)) as Record<string, unknown>
    imports.set(specifier!, { __esModule: true, ...namespace })
  }
  return { evaluate: new Function('require', 'module', code) as Evaluate, imports }
}
