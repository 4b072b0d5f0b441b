/** A JSON value as it stands in a CloudFormation template. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export type Resource = {
  logicalId: string
  type: string
  properties: { [key: string]: Json }
  condition?: string
  /** The construct's path in the CDK app, for messages that a person reads. */
  path: string
}

export type Stack = {
  name: string
  resources: Map<string, Resource>
  parameters: { [name: string]: { Default?: Json; Type?: string } }
  mappings: { [name: string]: { [key: string]: { [key: string]: Json } } }
  conditions: { [name: string]: Json }
  outputs: { [name: string]: { Value?: Json; Export?: { Name: Json } } }
}

export type Assembly = { stacks: Stack[]; region: string; accountId: string }

/** What in the template cannot be understood; the message names the logical id. */
export class TemplateError extends Error {
  override name = 'TemplateError'
}

type Place = { assembly: Assembly; stack: Stack; logicalId: string }

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fail = (place: Place, what: string): never => {
  throw new TemplateError(`${place.stack.name}/${place.logicalId}: ${what}`)
}

/** The name a resource has here: its own name property, or stack and logical id. */
export function physicalName(assembly: Assembly, stack: Stack, resource: Resource): string {
  for (const property of nameProperties) {
    const given = resource.properties[property]
    if (given !== undefined) {
      return String(resolve({ assembly, stack, logicalId: resource.logicalId }, given))
    }
  }
  const name = `${stack.name}-${resource.logicalId}`
  if (resource.type === 'AWS::S3::Bucket') return name.toLowerCase()
  return resource.type === 'AWS::SQS::Queue' && resource.properties.FifoQueue === true ? `${name}.fifo` : name
}

const nameProperties = [
  'FunctionName',
  'QueueName',
  'TableName',
  'BucketName',
  'EmailIdentity',
  'UserPoolName',
] as const
const ownNameTypes: Record<string, string> = {
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SES::EmailIdentity': 'EmailIdentity',
}

function nameOf(place: Place, resource: Resource): string {
  const { assembly, stack } = place
  if (ownNameTypes[resource.type] !== undefined) return physicalName(assembly, stack, resource)
  const name = resource.properties.Name
  if (name !== undefined) return String(resolve({ ...place, logicalId: resource.logicalId }, name))
  return `${stack.name}-${resource.logicalId}`
}

/** The ARN prefix of a service, e.g. `sqs` → `arn:aws:sqs:us-east-1:000000000000:`. */
export const arnPrefix = (assembly: Assembly, service: string): string =>
  `arn:aws:${service}:${assembly.region}:${assembly.accountId}:`

function arnOf(place: Place, resource: Resource): string {
  const name = nameOf(place, resource)
  const prefix = (service: string) => arnPrefix(place.assembly, service)
  switch (resource.type) {
    case 'AWS::Lambda::Function':
      return `${prefix('lambda')}function:${name}`
    case 'AWS::SQS::Queue':
      return `${prefix('sqs')}${name}`
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable':
      return `${prefix('dynamodb')}table/${name}`
    case 'AWS::S3::Bucket':
      return `arn:aws:s3:::${name}`
    case 'AWS::Events::EventBus':
      return `${prefix('events')}event-bus/${name}`
    case 'AWS::Events::Rule':
      return `${prefix('events')}rule/${name}`
    case 'AWS::SecretsManager::Secret':
      return `${prefix('secretsmanager')}secret:${name}`
    default:
      return `${prefix(resource.type.split('::')[1]?.toLowerCase() ?? 'unknown')}${name}`
  }
}

/** The queue URL as AWS would write it; the stack puts its own host in front when functions start. */
export const awsQueueUrl = (assembly: Assembly, name: string): string =>
  `${awsQueueUrlPrefix(assembly)}${assembly.accountId}/${name}`

export const awsQueueUrlPrefix = (assembly: Assembly): string =>
  `https://sqs.${assembly.region}.amazonaws.com/`

function referenceTo(place: Place, name: string): Json {
  const { assembly, stack } = place
  const pseudo: Record<string, Json> = {
    'AWS::Region': assembly.region,
    'AWS::AccountId': assembly.accountId,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': `${arnPrefix(assembly, 'cloudformation')}stack/${stack.name}`,
    'AWS::NoValue': null,
    'AWS::NotificationARNs': [],
  }
  if (name in pseudo) return pseudo[name]!
  const resource = stack.resources.get(name)
  if (resource !== undefined) {
    if (resource.type === 'AWS::SQS::Queue')
      return awsQueueUrl(assembly, physicalName(assembly, stack, resource))
    if (resource.type === 'AWS::SecretsManager::Secret') return arnOf(place, resource)
    return nameOf(place, resource)
  }
  const parameter = stack.parameters[name]
  if (parameter === undefined) return fail(place, `Ref to ${name}, which the template does not have`)
  if (parameter.Default === undefined) return fail(place, `parameter ${name} has no default`)
  return parameter.Default
}

function attributeOf(place: Place, logicalId: string, attribute: string): Json {
  const resource = place.stack.resources.get(logicalId)
  if (resource === undefined)
    return fail(place, `Fn::GetAtt of ${logicalId}, which the template does not have`)
  if (attribute === 'Arn') return arnOf(place, resource)
  const name = nameOf(place, resource)
  const { region } = place.assembly
  switch (`${resource.type}.${attribute}`) {
    case 'AWS::DynamoDB::Table.StreamArn':
    case 'AWS::DynamoDB::GlobalTable.StreamArn':
      return `${arnOf(place, resource)}/stream/local`
    case 'AWS::SQS::Queue.QueueName':
    case 'AWS::Events::EventBus.Name':
      return name
    case 'AWS::SQS::Queue.QueueUrl':
      return awsQueueUrl(place.assembly, name)
    case 'AWS::Cognito::UserPool.ProviderURL':
      return `https://cognito-idp.${region}.amazonaws.com/${name}`
    case 'AWS::Cognito::UserPool.ProviderName':
      return `cognito-idp.${region}.amazonaws.com/${name}`
    case 'AWS::Cognito::UserPool.UserPoolId':
    case 'AWS::Cognito::UserPoolClient.ClientId':
    case 'AWS::ApiGatewayV2::Api.ApiId':
    case 'AWS::SecretsManager::Secret.Id':
      return name
    case 'AWS::ApiGatewayV2::Api.ApiEndpoint':
      return `https://${name}.execute-api.${region}.amazonaws.com`
    case 'AWS::S3::Bucket.RegionalDomainName':
      return `${name}.s3.${region}.amazonaws.com`
    case 'AWS::S3::Bucket.DomainName':
      return `${name}.s3.amazonaws.com`
    default:
      return fail(place, `attribute ${attribute} of ${resource.type} (${logicalId}) is not known here`)
  }
}

function substitute(place: Place, argument: Json): string {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}]
  return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`
    if (isObject(variables) && variables[name] !== undefined) return String(resolve(place, variables[name]))
    const [logicalId, ...attribute] = name.split('.')
    return String(
      attribute.length > 0 ? attributeOf(place, logicalId!, attribute.join('.')) : referenceTo(place, name),
    )
  })
}

function imported(place: Place, exportName: string): Json {
  for (const stack of place.assembly.stacks) {
    for (const [logicalId, output] of Object.entries(stack.outputs)) {
      if (output.Export === undefined) continue
      const there = { ...place, stack, logicalId }
      if (resolve(there, output.Export.Name) === exportName) return resolve(there, output.Value ?? null)
    }
  }
  return fail(place, `no stack exports ${exportName}`)
}

function outputOfStack(place: Place, argument: Json): Json {
  const { StackName, OutputName } = isObject(argument) ? argument : {}
  const stackName = String(resolve(place, StackName ?? ''))
  const stack = place.assembly.stacks.find((candidate) => candidate.name === stackName.split('/').at(-1))
  const output = stack?.outputs[String(OutputName)]
  if (stack === undefined || output?.Value === undefined) {
    return fail(place, `no stack ${stackName} with an output ${String(OutputName)}`)
  }
  return resolve({ ...place, stack, logicalId: String(OutputName) }, output.Value)
}

/** Whether a condition of the template holds. */
export function conditionHolds(place: Place, condition: Json): boolean {
  if (typeof condition === 'string') {
    const named = place.stack.conditions[condition]
    return named === undefined
      ? fail(place, `condition ${condition} is not defined`)
      : conditionHolds(place, named)
  }
  if (!isObject(condition)) return fail(place, 'a condition that is not understood')
  const [operator, argument] = Object.entries(condition)[0] ?? ['', null]
  const parts = Array.isArray(argument) ? argument : []
  switch (operator) {
    case 'Condition':
      return conditionHolds(place, argument)
    case 'Fn::Equals':
      return String(resolve(place, parts[0]!)) === String(resolve(place, parts[1]!))
    case 'Fn::And':
      return parts.every((part) => conditionHolds(place, part))
    case 'Fn::Or':
      return parts.some((part) => conditionHolds(place, part))
    case 'Fn::Not':
      return !conditionHolds(place, parts[0]!)
    default:
      return fail(place, `condition operator ${operator} is not known here`)
  }
}

const functions: Record<string, (place: Place, argument: Json) => Json> = {
  Ref: (place, argument) => referenceTo(place, String(argument)),
  'Fn::GetAtt': (place, argument) => {
    const [logicalId, ...attribute] = Array.isArray(argument)
      ? argument.map(String)
      : String(argument).split('.')
    return attributeOf(place, logicalId!, attribute.join('.'))
  },
  'Fn::Sub': substitute,
  'Fn::Join': (place, argument) => {
    const [separator, parts] = argument as [string, Json]
    return (resolve(place, parts) as Json[]).map(String).join(separator)
  },
  'Fn::Split': (place, argument) => {
    const [separator, text] = argument as [string, Json]
    return String(resolve(place, text)).split(separator)
  },
  'Fn::Select': (place, argument) => {
    const [index, list] = argument as [Json, Json]
    const values = resolve(place, list) as Json[]
    return values[Number(resolve(place, index))] ?? fail(place, 'Fn::Select past the end of its list')
  },
  'Fn::ImportValue': (place, argument) => imported(place, String(resolve(place, argument))),
  'Fn::GetStackOutput': outputOfStack,
  'Fn::FindInMap': (place, argument) => {
    const [map, first, second] = (argument as Json[]).map((part) => String(resolve(place, part)))
    return (
      place.stack.mappings[map!]?.[first!]?.[second!] ??
      fail(place, `mapping ${map}.${first}.${second} is missing`)
    )
  },
  'Fn::If': (place, argument) => {
    const [condition, then, otherwise] = argument as [string, Json, Json]
    return resolve(place, conditionHolds(place, condition) ? then : otherwise)
  },
  'Fn::GetAZs': (place) => ['a', 'b', 'c'].map((zone) => `${place.assembly.region}${zone}`),
  'Fn::Base64': (place, argument) => Buffer.from(String(resolve(place, argument))).toString('base64'),
  'Fn::ToJsonString': (place, argument) => JSON.stringify(resolve(place, argument)),
}

/** Computes a template's value: every intrinsic function is replaced by what it stands for. Throws `TemplateError`. */
export function resolve(place: Place, value: Json): Json {
  if (Array.isArray(value)) return value.map((part) => resolve(place, part))
  if (!isObject(value)) return value
  const keys = Object.keys(value)
  const only = keys.length === 1 ? keys[0]! : undefined
  if (only !== undefined && Object.hasOwn(functions, only)) return functions[only]!(place, value[only]!)
  if (only?.startsWith('Fn::')) return fail(place, `intrinsic function ${only} is not known here`)
  const noValue = (part: Json) => isObject(part) && part.Ref === 'AWS::NoValue'
  return Object.fromEntries(
    keys.filter((key) => !noValue(value[key]!)).map((key) => [key, resolve(place, value[key]!)]),
  )
}
