import type { Answer } from '../gateway/http-answer.ts'
import type { LocalRequest } from '../gateway.ts'
import { json, problem } from './html.ts'
import type { LocalControls } from './local-controls.ts'

/**
 * Gives a bearer token to whoever sits at this machine: `{"email":"…"}` for a person, `{"client":"staff-machine"}` or
 * `{"client":"usage-machine"}` for the operator's machines.
 */
export async function giveToken(controls: LocalControls, request: LocalRequest): Promise<Answer> {
  const { email, client } = parse(request.body)
  if (client === 'staff-machine') return json({ token: await controls.staffToken() })
  if (client === 'usage-machine') return json({ token: await controls.usageToken() })
  if (client !== undefined) return refuse('client', 'must be staff-machine or usage-machine')
  if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email))
    return refuse('email', 'must be an e-mail address')
  return json({ token: await controls.personToken(email) })
}

const refuse = (field: string, detail: string): Answer =>
  problem(400, 'request_invalid', 'No token was given', `${field}: ${detail}`, field)

function parse(body: Buffer): { email?: unknown; client?: unknown } {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}
