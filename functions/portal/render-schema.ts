import { escapeHtml } from '../edge/escape-html.ts'
import { renderDescription } from './render-description.ts'

/** As much of a JSON Schema as the reference page shows. */
export type JsonSchema = {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  minimum?: number
  maximum?: number
  maxLength?: number
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  oneOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  allOf?: JsonSchema[]
}

const DEEPEST = 8

/** A schema as nested lists; what has a name is a link to it. */
export function renderSchema(schema: JsonSchema, depth = 0): string {
  if (schema.$ref) return renderReference(schema.$ref)
  if (depth > DEEPEST) return '<span class="type">…</span>'
  const variants = schema.oneOf ?? schema.anyOf
  if (variants) {
    const items = variants.map((variant) => `<li>${renderSchema(variant, depth + 1)}</li>`).join('')
    return `<span class="type">one of</span><ul>${items}</ul>`
  }
  if (schema.allOf) return schema.allOf.map((part) => renderSchema(part, depth + 1)).join(' and ')
  if (schema.type === 'array')
    return `<span class="type">list of</span> ${renderSchema(schema.items ?? {}, depth + 1)}`
  const properties = schema.properties ? renderProperties(schema, depth) : ''
  return `<span class="type">${escapeHtml(typeText(schema))}</span>${renderRest(schema, depth)}${properties}`
}

/** A link to a named schema. */
export function renderReference(reference: string): string {
  const name = escapeHtml(reference.split('/').at(-1) ?? '')
  return `<a href="#schema-${name}">${name}</a>`
}

function renderProperties(schema: JsonSchema, depth: number): string {
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const mark = required.has(name) ? '' : ' <span class="optional">optional</span>'
    const description = property.description ? renderDescription(property.description) : ''
    return `<dt><code>${escapeHtml(name)}</code>${mark} ${renderSchema(property, depth + 1)}</dt><dd>${description}</dd>`
  })
  return `<dl>${rows.join('')}</dl>`
}

function renderRest(schema: JsonSchema, depth: number): string {
  const rest = schema.additionalProperties
  if (typeof rest !== 'object' || Object.keys(rest).length === 0) return ''
  return ` <span class="type">with any names, each</span> ${renderSchema(rest, depth + 1)}`
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'anything')
  const bounds = [
    schema.format,
    schema.minimum === undefined ? undefined : `≥ ${schema.minimum}`,
    schema.maximum === undefined || schema.maximum === Number.MAX_SAFE_INTEGER
      ? undefined
      : `≤ ${schema.maximum}`,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
    schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`,
    schema.examples?.[0] === undefined ? undefined : `such as ${JSON.stringify(schema.examples[0])}`,
  ].filter((bound) => bound !== undefined)
  return [type, ...bounds].join(', ')
}
