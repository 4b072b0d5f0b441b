import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { authoriseBody, captureBody, extendBody, holdIdSchema } from './hold-request.ts'
import { holdRoutes } from './holds.routes.ts'
import { holdReply } from './present-hold.ts'

const ofAccount = z.object({ accountId: accountIdSchema })
const ofHold = z.object({ accountId: accountIdSchema, holdId: holdIdSchema })

export const authoriseHold = defineRoute({
  route: holdRoutes.authoriseHold,
  summary: 'Set credit aside for a session that begins: for all that is asked, or as much as credit covers',
  tag: 'Holds',
  callers: ['usage', 'staff'],
  params: ofAccount,
  body: authoriseBody,
  idempotent: true,
  responses: { 201: { description: 'Held; a repeat gives the same reply', schema: holdReply } },
  problems: [
    'insufficient_credit',
    'role_not_allowed',
    'terms_required',
    'account_not_found',
    'account_parked',
    'account_closed',
    'idempotency_key_reused',
    'session_has_hold',
    'wrong_currency',
    'not_rated',
    'busy',
  ],
})

export const extendHold = defineRoute({
  route: holdRoutes.extendHold,
  summary: 'Hold more for a session, report what it used so far, or show that it is still there',
  tag: 'Holds',
  callers: ['usage', 'staff'],
  params: ofHold,
  body: extendBody,
  idempotent: true,
  responses: {
    200: {
      description: 'Extended, as far as credit goes: with `isFinal` it ends at what is granted',
      schema: holdReply,
    },
  },
  problems: [
    'insufficient_credit',
    'role_not_allowed',
    'account_not_found',
    'hold_not_found',
    'account_parked',
    'account_closed',
    'idempotency_key_reused',
    'hold_captured',
    'hold_released',
    'hold_expired',
    'busy',
  ],
})

export const captureHold = defineRoute({
  route: holdRoutes.captureHold,
  summary: 'End a session: charge what it used, and give back the rest',
  tag: 'Holds',
  callers: ['usage', 'staff'],
  params: ofHold,
  body: captureBody,
  idempotent: true,
  responses: { 200: { description: 'Captured; the same again gives the same reply', schema: holdReply } },
  problems: [
    'role_not_allowed',
    'account_not_found',
    'hold_not_found',
    'account_closed',
    'hold_captured',
    'hold_released',
    'hold_expired',
    'more_than_held',
    'busy',
  ],
})

export const releaseHold = defineRoute({
  route: holdRoutes.releaseHold,
  summary: 'End a session that did not take place: all of it is available again',
  tag: 'Holds',
  callers: ['usage', 'staff'],
  params: ofHold,
  idempotent: true,
  responses: { 200: { description: 'Released; the same again gives the same reply', schema: holdReply } },
  problems: [
    'role_not_allowed',
    'account_not_found',
    'hold_not_found',
    'account_closed',
    'hold_captured',
    'hold_expired',
    'hold_has_record',
    'busy',
  ],
})

export const listHolds = defineRoute({
  route: holdRoutes.listHolds,
  summary: 'The open holds of an account, the soonest to expire first',
  tag: 'Holds',
  callers: ['client', 'usage', 'staff'],
  params: ofAccount,
  query: z.strictObject({ limit: limitSchema(100, 25), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page',
      schema: z.object({ holds: z.array(holdReply), nextCursor: z.string().optional() }),
    },
  },
  problems: ['account_not_found', 'terms_required'],
})

export const readHold = defineRoute({
  route: holdRoutes.readHold,
  summary: 'One hold, also after its end',
  tag: 'Holds',
  callers: ['client', 'usage', 'staff'],
  params: ofHold,
  responses: { 200: { description: 'The hold', schema: holdReply } },
  problems: ['account_not_found', 'terms_required', 'hold_not_found'],
})

export const holdsApi = [authoriseHold, extendHold, captureHold, releaseHold, listHolds, readHold]
