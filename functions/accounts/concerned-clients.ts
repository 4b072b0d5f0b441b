import { z } from 'zod'
import { CLIENT_TYPES, type ClientType, clientTypeSchema } from './account.ts'

/** Which clients something concerns that is told to many: the types that are named, each once; none named is all. */
export const concernedClientsSchema = z
  .array(clientTypeSchema)
  .max(CLIENT_TYPES.length)
  .default([])
  .transform((types) => CLIENT_TYPES.filter((type) => types.includes(type)))
  .meta({ description: 'whom it concerns; none named is all' })

export function concerns(
  { clientTypes }: { clientTypes: readonly ClientType[] },
  clientType: ClientType,
): boolean {
  return clientTypes.length === 0 || clientTypes.includes(clientType)
}
