import { describe, expect, it } from 'vitest'
import { callerOf } from '../../functions/edge/caller.ts'

const person = {
  iss: 'https://issuer.example.com',
  client_id: 'portal',
  auth_time: 1764000000,
  sub: 'p1',
  email: 'Owner@Example.com',
  email_verified: 'true',
  scope: 'openid email',
}

describe('a caller', () => {
  it('is a client with a verified address in lower case', () => {
    expect(callerOf(person)).toEqual({
      kind: 'client',
      actor: 'person:p1',
      subject: 'p1',
      email: 'owner@example.com',
      signIn: { issuer: 'https://issuer.example.com', clientId: 'portal', at: '2025-11-24T16:00:00.000Z' },
    })
  })

  it('has no address when it is not verified', () => {
    expect(callerOf({ ...person, email_verified: 'false' }).email).toBeUndefined()
    expect(callerOf({ ...person, email_verified: undefined }).email).toBeUndefined()
  })

  it.each(['[staff]', '[other staff]', ['staff'], 'staff'])('is staff in the groups %j', (groups) => {
    expect(callerOf({ ...person, 'cognito:groups': groups }).kind).toBe('staff')
  })

  it.each(['[staffing]', '[not-staff]', '[]', ''])('is not staff in the groups %j', (groups) => {
    expect(callerOf({ ...person, 'cognito:groups': groups }).kind).toBe('client')
  })

  it('is a machine by its scope, and only by the whole of it', () => {
    expect(callerOf({ client_id: 'm', scope: 'drawdown/usage' })).toMatchObject({
      kind: 'usage',
      actor: 'machine:m',
    })
    expect(callerOf({ client_id: 'm', scope: 'drawdown/staff' })).toMatchObject({
      kind: 'staff',
      actor: 'machine:m',
    })
    expect(callerOf({ client_id: 'm', scope: 'drawdown/staffing x-drawdown/usage' }).kind).toBe('client')
  })
})
