import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from '../../lib/deploy-configuration.ts'
import { drawdownApp } from '../../lib/drawdown-app.ts'

/** A value of a template: a string, a list, or an intrinsic function. */
export type Value = string | number | boolean | Value[] | { [key: string]: Value }
export type Properties = { [key: string]: Value }
export type Resource = {
  Type: string
  Properties: Properties
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
  Metadata: { 'aws:cdk:path': string }
}
export type Synthesized = {
  templates: string[]
  /** Both stacks' resources, what one imports from the other put in its place. */
  resources: Record<string, Resource>
  nagFindings: unknown[]
}

/** Each Lambda of the stacks, by its file below functions/. */
export const handlers = [
  'accounts/accounts',
  'announcements/announcements',
  'announcements/find-due-mailings',
  'announcements/send-mailing',
  'announcements/staff-announcements',
  'auto-top-up/auto-top-up',
  'auto-top-up/check-auto-top-up',
  'cards/change-cards',
  'cards/read-cards',
  'cards/watch-cards',
  'charges/charge-now',
  'consents/consents',
  'consents/withdraw-by-link',
  'credits/give-credit',
  'credits/refund-entry',
  'credits/reverse-entry',
  'disputes/disputes',
  'events/publish-entries',
  'holds/authorise-hold',
  'holds/expire-hold',
  'holds/read-holds',
  'holds/settle-hold',
  'identity/add-claims',
  'lots/expire-lots',
  'lots/lots',
  'lots/watch-lots',
  'migration/give-migration-credits',
  'notices/alert-low-credit',
  'notices/email-status',
  'notices/note-undelivered',
  'notices/send-notice',
  'pace/count-usage',
  'payment-exceptions/payment-exceptions',
  'plans/change-plan',
  'plans/charge-month',
  'plans/find-due',
  'plans/plans',
  'plans/warn-shortfall',
  'portal/portal',
  'price-changes/announce-price-change',
  'prices/import-rate-deck',
  'prices/prices',
  'privacy/privacy',
  'privacy/tend-privacy',
  'privacy/work-on-request',
  'proof/find-changed',
  'proof/prove-account',
  'proof/prove-now',
  'proof/read-proof',
  'refunds/approve-refund',
  'refunds/refunds',
  'refunds/request-refund',
  'ring-fence/ring-fence',
  'runs/charge-segment',
  'runs/runs',
  'runs/scan-run',
  'statements/statements',
  'terms/accept-terms',
  'terms/find-tellings',
  'terms/tell-of-terms',
  'terms/terms',
  'terms/terms-evidence',
  'top-up/publish-payments',
  'top-up/receive-payment-event',
  'top-up/reconcile-payments',
  'top-up/top-up',
  'top-up/top-ups',
  'usage/deduct-usage',
  'usage/read-usage',
  'usage/release-gap',
  'usage/take-usage',
]

/** Synthesizes all stacks as deployed, but for the bundles: their contents are no part of a template's shape. */
export async function synthesize(context: Context = {}): Promise<Synthesized> {
  const folder = mkdtempSync(join(tmpdir(), 'drawdown-stacks-'))
  try {
    const bundlesFolder = join(folder, 'functions')
    for (const handler of handlers) {
      mkdirSync(join(bundlesFolder, handler), { recursive: true })
      writeFileSync(join(bundlesFolder, handler, 'index.mjs'), `// ${handler}\n`)
    }
    const outputFolder = join(folder, 'cdk.out')
    const app = await drawdownApp({ bundlesFolder, outputFolder, context })
    app.synth()
    const read = (name: string) => readFileSync(join(outputFolder, name), 'utf8')
    const templates = [
      'DrawdownData',
      'Drawdown',
      'DrawdownPlans',
      'DrawdownPayments',
      'DrawdownRelations',
    ].map((stack) => read(`${stack}.template.json`))
    return {
      templates,
      resources: joinStacks(templates),
      nagFindings: JSON.parse(read('validation-report.json')).pluginReports,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function joinStacks(templates: string[]): Record<string, Resource> {
  const parsed = templates.map((template) => JSON.parse(template))
  const exported = new Map<string, Value>()
  for (const { Outputs = {} } of parsed) {
    for (const output of Object.values(Outputs) as { Value: Value; Export?: { Name: string } }[]) {
      if (output.Export) exported.set(output.Export.Name, output.Value)
    }
  }
  const joined = Object.assign({}, ...parsed.map((template) => template.Resources))
  return JSON.parse(JSON.stringify(joined), (_key, value) =>
    typeof value?.['Fn::ImportValue'] === 'string' ? exported.get(value['Fn::ImportValue']) : value,
  )
}

/** The resources of one type, with their logical ids. */
export function resourcesOf({ resources }: Synthesized, type: string): [string, Resource][] {
  return Object.entries(resources).filter(([, resource]) => resource.Type === type)
}

/** The logical id that a `Ref` or `Fn::GetAtt` points to. */
export function target(value: Value | undefined): string | undefined {
  if (typeof value !== 'object' || Array.isArray(value)) return undefined
  const id = value.Ref ?? (value['Fn::GetAtt'] as string[] | undefined)?.[0]
  return typeof id === 'string' ? id : undefined
}

/** A template's value as a list, whichever way CloudFormation spells one. */
export function list(value: Value | undefined): Value[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** The handler of a function, as `top-up/top-up`. */
export function handlerOf(lambda: Resource): string {
  return String(lambda.Properties.Description).replace(/^functions\/(.*)\.handler\.ts$/, '$1')
}
