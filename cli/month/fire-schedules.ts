import type { LocalStack } from '../../local/stack.ts'

/** Fires every schedule once more than it is due, and waits until all has been done that follows. */
export async function fireSchedules(stack: LocalStack): Promise<void> {
  const time = stack.clock.now().toISOString()
  for (const schedule of stack.template.schedules) {
    const definition = [...stack.template.functions.values()].find(({ arn }) => arn === schedule.target.arn)
    if (!definition) throw new Error(`schedule ${schedule.name} has no function`)
    const outcome = await stack.lambda.invoke(definition.name, { time })
    if (!outcome.ok) throw new Error(`${definition.path} failed: ${outcome.error.errorMessage}`)
  }
  await stack.waitUntilIdle()
}
