import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

interface Stored {
  payload: AdapterPayload
  expiresAt: number
}

// What a grant gave. A sign-in under way names the grant of whoever was signed in before, and goes on without it.
const grantedModels = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken'])

/**
 * Keeps sessions, grants and codes in memory, for one issuer: whoever was signed in signs in again after a restart,
 * which takes one click here. Access tokens are JWTs and need no storage.
 */
export function createMemoryAdapter(): AdapterFactory {
  const stored = new Map<string, Stored>()
  return (model) => adapterOf(model, stored)
}

function adapterOf(model: string, stored: Map<string, Stored>): Adapter {
  const keyOf = (id: string) => `${model}:${id}`
  const read = (key: string) => {
    const found = stored.get(key)
    if (found && found.expiresAt > Date.now()) return found.payload
    stored.delete(key)
    return undefined
  }
  const findBy = (field: 'uid' | 'userCode', value: string) => {
    for (const key of stored.keys()) {
      const payload = key.startsWith(`${model}:`) ? read(key) : undefined
      if (payload?.[field] === value) return payload
    }
    return undefined
  }
  return {
    async upsert(id, payload, expiresInSeconds) {
      dropExpired(stored)
      const expiresAt = expiresInSeconds ? Date.now() + expiresInSeconds * 1000 : Number.POSITIVE_INFINITY
      stored.set(keyOf(id), { payload, expiresAt })
    },
    find: async (id) => read(keyOf(id)),
    findByUid: async (uid) => findBy('uid', uid),
    findByUserCode: async (userCode) => findBy('userCode', userCode),
    async consume(id) {
      const payload = read(keyOf(id))
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      stored.delete(keyOf(id))
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of stored) {
        if (payload.grantId === grantId && grantedModels.has(key.slice(0, key.indexOf(':'))))
          stored.delete(key)
      }
    },
  }
}

function dropExpired(stored: Map<string, Stored>): void {
  const now = Date.now()
  for (const [key, { expiresAt }] of stored) if (expiresAt <= now) stored.delete(key)
}
