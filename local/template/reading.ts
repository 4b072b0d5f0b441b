import {
  type Assembly,
  type Json,
  physicalName,
  type Resource,
  resolve,
  type Stack,
  TemplateError,
} from './intrinsics.ts'
import type { LocalTemplate } from './template.types.ts'

/** One resource with its properties resolved on demand: what nobody asks for is never resolved, so it cannot fail. */
export class Reading {
  readonly assembly: Assembly
  readonly stack: Stack
  readonly resource: Resource

  constructor(assembly: Assembly, stack: Stack, resource: Resource) {
    this.assembly = assembly
    this.stack = stack
    this.resource = resource
  }

  get name(): string {
    return physicalName(this.assembly, this.stack, this.resource)
  }
  get arn(): string {
    return String(this.resolved({ 'Fn::GetAtt': [this.resource.logicalId, 'Arn'] }))
  }
  get reference(): string {
    return String(this.resolved({ Ref: this.resource.logicalId }))
  }
  resolved(value: Json): Json {
    return resolve({ assembly: this.assembly, stack: this.stack, logicalId: this.resource.logicalId }, value)
  }
  get<T = Json>(property: string): T | undefined {
    const value = this.resource.properties[property]
    return value === undefined ? undefined : (this.resolved(value) as T)
  }
  fail(what: string): never {
    throw new TemplateError(
      `${this.stack.name}/${this.resource.logicalId} (${this.resource.type}, ${this.resource.path}): ${what}`,
    )
  }
}

/** What was read so far. */
export type Found = LocalTemplate & {
  assetFolders: Map<string, string>
  integrations: Map<string, string>
  authorizers: Map<string, { audience: string[]; issuer: string }>
}

/** What follows the last separator. */
export const lastPart = (arn: string, separator: string): string => arn.slice(arn.lastIndexOf(separator) + 1)
/** The name in a function's ARN (with or without version), or the text itself. */
export const functionNameIn = (text: string): string =>
  text.includes(':function:') ? (text.split(':function:')[1]!.split(/[:/]/)[0] ?? '') : text

/** The name of the function that a reference names; an error when the template does not have it. */
export function functionOf(reading: Reading, found: Found, text: string): string {
  const name = functionNameIn(text)
  return found.functions.has(name) ? name : reading.fail(`names the function ${text}, which is not here`)
}
