import {
  handlerOf,
  list,
  type Resource,
  resourcesOf,
  type Synthesized,
  target,
  type Value,
} from './synthesized.ts'

export type Statement = { Effect: string; Action: Value; Resource: Value; Condition?: Value }

/** All that the roles named in `policies` may do: the logical id of the role, with each of its statements. */
export function allStatements(synthesized: Synthesized): { role: string; statement: Statement }[] {
  return resourcesOf(synthesized, 'AWS::IAM::Policy').flatMap(([, policy]) => {
    const document = policy.Properties.PolicyDocument as unknown as { Statement: Statement[] }
    return list(policy.Properties.Roles).flatMap((role) =>
      document.Statement.map((statement) => ({ role: target(role)!, statement })),
    )
  })
}

/** Whether one statement of the role of a function allows the action on what `id` stands for. */
export function may(synthesized: Synthesized, lambda: Resource, action: string, id: string): boolean {
  return statementsOf(synthesized, lambda).some(
    (statement) =>
      list(statement.Action).includes(action) &&
      list(statement.Resource).some((resource) => mentions(resource, id)),
  )
}

/** The handlers that may do `action` on what `id` stands for. */
export function whoMay(synthesized: Synthesized, action: string, id: string): string[] {
  return resourcesOf(synthesized, 'AWS::Lambda::Function')
    .map(([, lambda]) => lambda)
    .filter((lambda) => may(synthesized, lambda, action, id))
    .map(handlerOf)
    .sort()
}

function statementsOf(synthesized: Synthesized, lambda: Resource): Statement[] {
  const role = target(lambda.Properties.Role)
  return allStatements(synthesized)
    .filter((entry) => entry.role === role)
    .map((entry) => entry.statement)
}

/** An ARN names its resource by a reference to it, or holds its name. */
function mentions(resource: Value, id: string): boolean {
  return (
    target(resource) === id ||
    JSON.stringify(resource).includes(`"${id}"`) ||
    JSON.stringify(resource).includes(id)
  )
}
