import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { InvocationSpec } from '../invocation.ts'
import type { PaymentDocument } from '../payment-documents.ts'
import { type Notice, signatureOf } from '../provider/notices.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import type { World } from '../world.ts'
import type { CallKind } from './call.ts'

type NoticeObject = {
  id: string
  object: string
  metadata?: Record<string, string>
  payment_intent?: string
}

const PERCENT_LOST = 30
/** The provider tells what nobody has answered to yet, in any order; some of it never arrives. */
export const paymentNotice: CallKind<{ notice: number }> = {
  choices: fc.record({ notice: fc.nat(20) }),
  prepare(world, choice) {
    const { waiting } = world.provider.notices
    if (waiting.length === 0) return undefined
    const notice = waiting[choice.notice % waiting.length]!
    return isLost(world, notice) ? undefined : notify(world, notice)
  },
}

function isLost(world: World, notice: Notice): boolean {
  const { machine, journal } = world
  const mayBeLost = machine.isEnabled('notice_lost') && isFoundOut(world, notice)
  if (!mayBeLost || !machine.random.chance(PERCENT_LOST)) return false
  machine.count('notice_lost')
  journal.note(`  notice ${notice.label} is lost`)
  notice.isLost = true
  return true
}

/** What may still change here is asked about by a schedule; of all else the provider alone can tell. */
function isFoundOut({ documents, provider }: World, { body }: Notice): boolean {
  const { data } = JSON.parse(body) as { data: { object: NoticeObject } }
  const { id, object, metadata, payment_intent: intentId } = data.object
  if (object === 'dispute') {
    const { accountId = '' } = provider.intents.find((intent) => intent.id === intentId)!.metadata
    return isWatched(documents.read(accountId, `DISPUTE#${id}`))
  }
  const { accountId = '', topUpId, refundId } = metadata ?? {}
  if (refundId) return isWatched(documents.read(accountId, `REFUND#${refundId}`))
  return documents.read(accountId, `TOP_UP#${topUpId}`)?.status === 'processing'
}

const isWatched = (document: PaymentDocument | undefined) =>
  ['WATCH#refund_open', 'WATCH#refund_sent', 'WATCH#disputed', 'WATCH#dispute_decided'].includes(
    String(document?.index2pk),
  )

/** What happens at the provider, with the first notice that it gives of that. */
export function notifyFirst(world: World, happen: () => void): InvocationSpec | undefined {
  const { notices } = world.provider
  const before = notices.all.length
  happen()
  const news = notices.all.slice(before)
  for (const { label } of news) world.journal.note(`  at the provider: ${label}`)
  return news[0] && notify(world, news[0])
}

/** Tells the webhook; signed anew each time, as the provider does. */
export function notify(world: World, notice: Notice): InvocationSpec {
  return {
    twin: () => notify(world, notice),
    label: `notice ${notice.label}`,
    handler: 'top-up/receive-payment-event',
    event: () => ({
      ...eventOf({ route: 'POST /v1/webhooks/stripe' }),
      body: notice.body,
      headers: {
        'content-type': 'application/json',
        'stripe-signature': signatureOf(notice.body, world.nowMilliseconds),
      },
    }),
    end: (outcome) => {
      const answer = readAnswer(notice.label, outcome)
      if (answer.kind === 'unknown') return undefined
      require(answer.kind === 'done', () => `notice ${notice.label}: is refused`)
      notice.wasTaken = true
      notice.takenAt = world.nowMilliseconds
      return () => checkTaken(world, notice)
    },
  }
}

/** Whoever has said that the news of a payment arrived has credited it. */
function checkTaken(world: World, { label, type, body }: Notice): void {
  if (type !== 'payment_intent.succeeded') return
  const { data } = JSON.parse(body) as { data: { object: { metadata: Record<string, string> } } }
  const { accountId, topUpId = '' } = data.object.metadata
  const { books, payments } = world.accounts.find((account) => account.books.accountId === accountId)!
  const isCredited = books.byKey.has(`top-up:${topUpId}`) && payments.topUp(topUpId)?.status === 'settled'
  require(isCredited, () => `notice ${label}: is taken and not credited`)
}
