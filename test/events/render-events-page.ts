import { z } from 'zod'
import { EVENT_NAMES, EVENT_SOURCE, eventDetails } from '../../functions/events/event.ts'

type Schema = {
  type?: string
  description?: string
  examples?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  $ref?: string
  $defs?: Record<string, Schema>
  minimum?: number
}

const COMMON = ['id', 'accountId', 'at']

/** The page on the bus’s events, written from their schemas. */
export function renderEventsPage(): string {
  const schemas = EVENT_NAMES.map((name) => ({ name, schema: z.toJSONSchema(eventDetails[name]) as Schema }))
  const rows = schemas.map(
    ({ name, schema }) => `| [\`${name}\`](#${anchorOf(name)}) | ${schema.description} |`,
  )
  return `# Events

What happens in Drawdown is told on an EventBridge bus, for an operator’s own systems to act on. Source \`${EVENT_SOURCE}\`; the detail type is the event’s name.

Events of ledger entries and of an account’s status follow from the ledger table’s stream, after the entry is written: none is lost, and none tells what did not happen. An event may come twice, late, or after one that happened later. Its \`id\` is the same each time: act on each \`id\` once. Where order matters, \`sequence\` numbers an account’s entries.

Money is \`{"amount": "12.345678", "currency": "USD"}\`: the amount is a decimal string, exact, with at most six decimals.

| event | when |
|---|---|
${rows.join('\n')}

Every detail has:

${table(schemas[0]!.schema, (field) => COMMON.includes(field))}
${schemas
  .map(
    ({ name, schema }) =>
      `\n## ${name}\n\n${schema.description}\n\n${table(schema, (field) => !COMMON.includes(field))}`,
  )
  .join('\n')}
`
}

function table(schema: Schema, wanted: (field: string) => boolean): string {
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => wanted(name))
  const rows = fields.map(([name, field]) => {
    const optional = schema.required?.includes(name) ? '' : ', may be absent'
    return `| \`${name}\` | ${typeOf(field, schema.$defs)}${optional} | ${meaningOf(field)} |`
  })
  return `| field | type | meaning |\n|---|---|---|\n${rows.join('\n')}`
}

/** `named` are the schemas that a field may refer to. */
function typeOf(field: Schema, named: Record<string, Schema> = {}): string {
  const name = field.$ref?.split('/').at(-1)
  const { type, items, properties } = name === undefined ? field : named[name]!
  if (properties?.amount) return 'money'
  if (properties) return membersOf(properties)
  if (type !== 'array') return type === 'integer' ? 'whole number' : (type ?? 'any')
  return items?.type === 'string' ? 'list of strings' : `list of ${membersOf(items?.properties)}`
}

const membersOf = (properties: Record<string, Schema> = {}) => `{ ${Object.keys(properties).join(', ')} }`

function meaningOf({ description, examples }: Schema): string {
  const example =
    examples?.[0] === undefined || typeof examples[0] === 'object' ? '' : `such as \`${examples[0]}\``
  return [description, example].filter(Boolean).join(', ')
}

function anchorOf(name: string): string {
  return name.replaceAll('.', '')
}
