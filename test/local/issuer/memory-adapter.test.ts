import { expect, test } from 'vitest'
import { createMemoryAdapter } from '../../../local/issuer/memory-adapter.ts'

test('ending a grant takes its codes and tokens, not the sign-in under way of the next person', async () => {
  const adapter = createMemoryAdapter()
  const grantId = 'grant-1'
  const adapters = Object.fromEntries(
    ['AuthorizationCode', 'Interaction', 'Session'].map((model) => [model, adapter(model)]),
  )
  for (const one of Object.values(adapters)) await one.upsert('id-1', { grantId }, 60)

  await adapters.AuthorizationCode!.revokeByGrantId(grantId)

  expect(await adapters.AuthorizationCode!.find('id-1')).toBeUndefined()
  expect(await adapters.Interaction!.find('id-1')).toEqual({ grantId })
  expect(await adapters.Session!.find('id-1')).toEqual({ grantId })
})
