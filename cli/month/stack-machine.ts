import type { LocalStack } from '../../local/stack.ts'
import type { Email, Machine } from './machine.ts'

/** A local stack as the sample month needs it. */
export function machineOf(stack: LocalStack): Machine {
  return {
    apiUrl: stack.apiUrl,
    now: stack.clock.now,
    advanceTo: stack.clock.advanceTo,
    waitUntilIdle: stack.waitUntilIdle,
    staffToken: stack.staffToken,
    usageToken: stack.usageToken,
    personToken: stack.personToken,
    async emails() {
      const emails: Email[] = []
      for (const { id, at, to, subject } of stack.inbox.list()) {
        const read = await stack.inbox.read(id)
        emails.push({ at, to, subject, text: read?.email.text ?? '' })
      }
      return emails
    },
  }
}
