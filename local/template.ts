import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Assembly, conditionHolds, type Json, type Resource, type Stack } from './template/intrinsics.ts'
import { readResources } from './template/read-resources.ts'
import type { LocalTemplate } from './template/template.types.ts'

export { TemplateError } from './template/intrinsics.ts'
export type * from './template/template.types.ts'

type Artifact = {
  type: string
  properties?: { templateFile?: string; file?: string; directoryName?: string; stackName?: string }
  displayName?: string
}
type TemplateFile = {
  Resources?: {
    [id: string]: {
      Type: string
      Properties?: { [key: string]: Json }
      Condition?: string
      Metadata?: { 'aws:cdk:path'?: string }
    }
  }
  Parameters?: Stack['parameters']
  Mappings?: Stack['mappings']
  Conditions?: Stack['conditions']
  Outputs?: Stack['outputs']
}
type AssetFile = { files?: { [hash: string]: { source: { path: string } } } }

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T

function readStack(name: string, file: string): Stack {
  const template = readJson<TemplateFile>(file)
  const resources = new Map<string, Resource>()
  for (const [logicalId, resource] of Object.entries(template.Resources ?? {})) {
    resources.set(logicalId, {
      logicalId,
      type: resource.Type,
      properties: resource.Properties ?? {},
      path: (resource.Metadata?.['aws:cdk:path'] ?? `${name}/${logicalId}`).replace(/\/Resource$/, ''),
      ...(resource.Condition === undefined ? {} : { condition: resource.Condition }),
    })
  }
  return {
    name,
    resources,
    parameters: template.Parameters ?? {},
    mappings: template.Mappings ?? {},
    conditions: template.Conditions ?? {},
    outputs: template.Outputs ?? {},
  }
}

function readAssemblyFolder(folder: string, stacks: Stack[], assetFolders: Map<string, string>): void {
  const manifest = readJson<{ artifacts?: { [id: string]: Artifact } }>(join(folder, 'manifest.json'))
  for (const [id, artifact] of Object.entries(manifest.artifacts ?? {})) {
    const { templateFile, file, directoryName, stackName } = artifact.properties ?? {}
    if (artifact.type === 'aws:cloudformation:stack' && templateFile !== undefined) {
      stacks.push(readStack(stackName ?? id, join(folder, templateFile)))
    }
    if (artifact.type === 'cdk:asset-manifest' && file !== undefined) {
      for (const [hash, asset] of Object.entries(readJson<AssetFile>(join(folder, file)).files ?? {})) {
        assetFolders.set(hash, join(folder, asset.source.path))
      }
    }
    if (artifact.type === 'cdk:cloud-assembly' && directoryName !== undefined) {
      readAssemblyFolder(join(folder, directoryName), stacks, assetFolders)
    }
  }
}

function dropWhatItsConditionLeavesOut(assembly: Assembly): void {
  for (const stack of assembly.stacks) {
    for (const resource of [...stack.resources.values()]) {
      const { logicalId, condition } = resource
      if (condition !== undefined && !conditionHolds({ assembly, stack, logicalId }, condition)) {
        stack.resources.delete(logicalId)
      }
    }
  }
}

/**
 * Reads a synthesized CDK app (`cdk.out`): every stack in it, with references between stacks resolved.
 * Whatever could trigger a function and is not understood here is a `TemplateError` that names its logical id.
 */
export function readTemplate(
  cdkOutFolder: string,
  options: { region?: string; accountId?: string } = {},
): LocalTemplate {
  const stacks: Stack[] = []
  const assetFolders = new Map<string, string>()
  readAssemblyFolder(cdkOutFolder, stacks, assetFolders)
  const assembly = {
    stacks,
    region: options.region ?? 'us-east-1',
    accountId: options.accountId ?? '000000000000',
  }
  dropWhatItsConditionLeavesOut(assembly)
  return readResources(assembly, assetFolders)
}
