import { type ApiClient, createApiClient, renewing } from '../api-client.ts'

export type Email = { at: string; to: string[]; subject: string; text: string }

/** What the sample month needs of a running system: its public API, a clock that it may move, and the mail that went out. */
export type Machine = {
  apiUrl: string
  now(): Date
  advanceTo(instant: Date): Promise<void>
  waitUntilIdle(): Promise<void>
  staffToken(): Promise<string>
  usageToken(): Promise<string>
  personToken(email: string): Promise<string>
  emails(): Promise<Email[]>
}

export type Callers = { staff: ApiClient; usage: ApiClient; person(email: string): ApiClient }

/** The API as the operator's staff, the operator's machines and a client's own people see it. */
export function callersOf(machine: Machine): Callers {
  const clientWith = (fetchToken: () => Promise<string>) =>
    createApiClient(machine.apiUrl, renewing(fetchToken, machine.now))
  const people = new Map<string, ApiClient>()
  return {
    staff: clientWith(machine.staffToken),
    usage: clientWith(machine.usageToken),
    person(email) {
      const known = people.get(email) ?? clientWith(() => machine.personToken(email))
      people.set(email, known)
      return known
    },
  }
}
