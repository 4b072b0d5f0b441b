import { describe, expect, it } from 'vitest'
import { claimsOf } from '../../functions/identity/add-claims.ts'

describe('claims of a person', () => {
  it('carry the e-mail address and that it is verified', () => {
    expect(claimsOf({ sub: '1', email: 'owner@example.com', email_verified: 'true' })).toEqual({
      email: 'owner@example.com',
      email_verified: 'true',
    })
  })

  it.each(['false', '', 'TRUE', undefined])(
    'call an address unverified whose attribute is %j',
    (verified) => {
      const attributes = {
        email: 'owner@example.com',
        ...(verified !== undefined && { email_verified: verified }),
      }
      expect(claimsOf(attributes)?.email_verified).toBe('false')
    },
  )

  it('are none where the person has no address', () => {
    expect(claimsOf({ sub: '1' })).toBeUndefined()
    expect(claimsOf({ email: '' })).toBeUndefined()
  })
})
