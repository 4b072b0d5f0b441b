export type FormValue = string | FormFields
export interface FormFields {
  [name: string]: FormValue
}

const DEEPEST_NESTING = 8

/**
 * Reads Stripe's form encoding, in which brackets nest: `line_items[0][price_data][currency]=usd`, `expand[]=data`.
 * Lists come out as fields named by their index. Malformed names stay as they are, and so are unknown parameters later.
 */
export function parseFormParameters(text: string): FormFields {
  const fields: FormFields = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) place(fields, pathOf(name), value)
  return fields
}

function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name)
  if (!match) return [name]
  const nested = [...match[2]!.matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1]!)
  return nested.length > DEEPEST_NESTING ? [name] : [match[1]!, ...nested]
}

function place(fields: FormFields, path: string[], value: string): void {
  let target = fields
  for (const name of path.slice(0, -1)) {
    const key = name === '' ? String(Object.keys(target).length) : name
    const next = target[key]
    if (typeof next === 'object') {
      target = next
    } else {
      const made: FormFields = Object.create(null)
      target[key] = made
      target = made
    }
  }
  const last = path.at(-1)!
  target[last === '' ? String(Object.keys(target).length) : last] = value
}
