import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { createExceptionStore } from './exception.store.ts'
import { listPaymentExceptions, resolvePaymentException } from './payment-exceptions.api.ts'
import { presentException, presentResolution } from './present-exception.ts'

const { PAYMENTS_TABLE } = environment('PAYMENTS_TABLE')
const exceptions = createExceptionStore({ client: documentClient(), paymentsTable: PAYMENTS_TABLE })

const positionSchema = z.strictObject({ after: z.string().max(200) })

export const handler = httpHandler(
  bind(listPaymentExceptions, async ({ query }) => {
    const { kind, limit, cursor } = query
    const after = readCursor(positionSchema, cursor)?.after
    const page = await exceptions.list(kind, { limit, after }, new Date())
    return {
      status: 200,
      body: {
        exceptions: page.exceptions.map((each) => presentException(each.kind, each.document)),
        nextCursor: page.after === undefined ? undefined : writeCursor({ after: page.after }),
      },
    }
  }),

  bind(resolvePaymentException, async ({ caller, params, body }) => {
    const { accountId, exceptionId: id } = params
    const resolved = await exceptions.resolve(
      { accountId, id, note: body.note, actor: caller.actor },
      new Date(),
    )
    if (resolved.ok) return { status: 200, body: presentResolution(resolved.resolution) }
    switch (resolved.reason) {
      case 'exception_not_found':
        throw new Problem('exception_not_found', `Nothing about ${id} of ${accountId} waits for you.`)
      case 'changed_meanwhile':
        throw new Problem('changed_meanwhile', 'Look at it once more.')
      case 'exception_resolved': {
        const { resolution } = resolved
        const detail = `By ${resolution.actor} at ${resolution.at}: ${resolution.note}`
        throw new Problem('exception_resolved', detail, {
          extra: { resolution: presentResolution(resolution) },
        })
      }
    }
  }),
)
