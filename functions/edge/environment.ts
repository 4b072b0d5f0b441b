import { z } from 'zod'

/** Reads the named environment variables once, when the Lambda starts; a missing one stops it with its name. */
export function environment<const Name extends string>(...names: Name[]): Record<Name, string> {
  const shape = Object.fromEntries(names.map((name) => [name, z.string().min(1)]))
  const result = z.object(shape).safeParse(process.env)
  if (!result.success) {
    throw new Error(
      `missing environment: ${result.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
    )
  }
  return result.data as Record<Name, string>
}
