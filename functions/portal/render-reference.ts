import { escapeHtml } from '../edge/escape-html.ts'
import { PROBLEMS } from '../edge/problem.ts'
import { renderDescription } from './render-description.ts'
import { type JsonSchema, renderReference, renderSchema } from './render-schema.ts'

type Media = { schema?: JsonSchema; example?: unknown }
type Response = { description?: string; content?: Record<string, Media> }
type Parameter = { in: string; name: string; required?: boolean; description?: string; schema?: JsonSchema }

/** As much of an OpenAPI operation as the reference page shows. */
type Operation = {
  operationId: string
  summary: string
  description: string
  tags: string[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, Response>
}

export type ReferenceSource = {
  info: { title: string; version: string; description?: string }
  paths?: Record<string, object>
  components?: { schemas?: Record<string, unknown> }
}

/** The API as one page: its contents, every operation, every named schema and every problem code. */
export function renderReferencePage(document: ReferenceSource, template: string): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method,
      path,
      operation: operation as Operation,
    })),
  )
  const byTag = Map.groupBy(operations, ({ operation }) => operation.tags[0] ?? '')
  const contents = [...byTag].map(
    ([tag, listed]) =>
      `<li><a href="#${slug(tag)}">${escapeHtml(tag)}</a><ul>${listed.map(renderLink).join('')}</ul></li>`,
  )
  const sections = [...byTag].map(
    ([tag, listed]) => `<h2 id="${slug(tag)}">${escapeHtml(tag)}</h2>${listed.map(renderOperation).join('')}`,
  )
  const schemas = Object.entries(document.components?.schemas ?? {}).sort(([one], [other]) =>
    one < other ? -1 : 1,
  )
  const parts: Record<string, string> = {
    title: escapeHtml(document.info.title),
    introduction: renderDescription(document.info.description ?? ''),
    contents: contents.join(''),
    operations: sections.join(''),
    schemas: schemas.map(([name, schema]) => renderNamedSchema(name, schema as JsonSchema)).join(''),
    problems: renderProblems(),
  }
  return template.replace(/<!-- ([a-z]+) -->/g, (comment, name: string) => parts[name] ?? comment)
}

type Listed = { method: string; path: string; operation: Operation }

function renderLink({ method, operation }: Listed): string {
  const verb = `<span class="verb ${method}">${method.toUpperCase()}</span>`
  return `<li><a href="#${escapeHtml(operation.operationId)}">${verb} ${escapeHtml(operation.summary)}</a></li>`
}

function renderOperation({ method, path, operation }: Listed): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation
  const successes = Object.entries(responses).filter(([status]) => status < '400')
  const refusals = Object.entries(responses).filter(([status]) => status >= '400')
  return [
    `<section id="${escapeHtml(operationId)}"><h3>${escapeHtml(summary)}</h3>`,
    `<p class="route"><span class="verb ${method}">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code></p>`,
    renderDescription(description),
    parameters.length > 0 ? `<h4>Parameters</h4><dl>${parameters.map(renderParameter).join('')}</dl>` : '',
    requestBody ? `<h4>Body</h4>${renderContent(requestBody.content)}` : '',
    '<h4>Answers</h4>',
    successes.map(renderResponse).join(''),
    `<details><summary>Refusals</summary>${refusals.map(renderRefusal).join('')}</details></section>`,
  ].join('')
}

function renderParameter({ name, required, schema = {}, description, in: place }: Parameter): string {
  const mark = required ? '' : ' <span class="optional">optional</span>'
  const told = description ?? schema.description
  return `<dt><code>${escapeHtml(name)}</code> <span class="type">${escapeHtml(place)}</span>${mark} ${renderSchema(schema)}</dt><dd>${told ? renderDescription(told) : ''}</dd>`
}

function renderContent(content: Record<string, Media>): string {
  return Object.entries(content)
    .map(([type, { schema = {}, example }]) => {
      const shown = example === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(example, null, 2))}</pre>`
      return `<div class="content"><p class="media">${escapeHtml(type)}</p>${renderSchema(schema)}${shown}</div>`
    })
    .join('')
}

function renderResponse([status, { description = '', content }]: [string, Response]): string {
  return `<div class="answer"><p><strong>${status}</strong></p>${renderDescription(description)}${content ? renderContent(content) : ''}</div>`
}

function renderRefusal([status, { description = '' }]: [string, Response]): string {
  return `<div class="answer"><p><strong>${status}</strong></p>${renderDescription(description)}</div>`
}

function renderNamedSchema(name: string, schema: JsonSchema): string {
  const description = schema.description ? renderDescription(schema.description) : ''
  return `<section id="schema-${escapeHtml(name)}"><h3>${escapeHtml(name)}</h3>${description}${schema.$ref ? renderReference(schema.$ref) : renderSchema(schema)}</section>`
}

function renderProblems(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title }]) =>
      `<tr><td>${status}</td><td><code>${code}</code></td><td>${escapeHtml(title)}</td></tr>`,
  )
  return `<table><thead><tr><th>Status</th><th>Code</th><th>Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function slug(tag: string): string {
  return `tag-${tag.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`
}
