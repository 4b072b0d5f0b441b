import { pageHeaders } from '../edge/content-security.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import type { Reply } from '../edge/route.ts'
import { createConsentStore } from './consent.store.ts'
import { readWithdrawalPage, withdrawByLink } from './consents.api.ts'
import { wordingOf } from './purposes.ts'
import { renderBadLink, renderWithdrawalPage, renderWithdrawn, WITHDRAW } from './render-withdrawal-page.ts'
import { readWithdrawalKey } from './withdrawal-key.client.ts'
import { readWithdrawalToken, type Withdrawal } from './withdrawal-token.ts'

const { DOCUMENTS_TABLE, WITHDRAWAL_KEY_SECRET } = environment('DOCUMENTS_TABLE', 'WITHDRAWAL_KEY_SECRET')
const consents = createConsentStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })

/** What a mail program sends in place of a person (RFC 8058, section 3.2), as a form of either kind. */
const ONE_CLICK = /List-Unsubscribe["\s=]+One-Click/i

const readToken = async (token: string): Promise<Withdrawal | undefined> =>
  readWithdrawalToken(await readWithdrawalKey(WITHDRAWAL_KEY_SECRET), token)

/** A page of one person: nobody keeps it, and its form posts to where it came from. */
function pageReply(page: string, status = 200): Reply {
  const headers = pageHeaders(page, [], { postsForms: true })
  return { status, body: page, headers: { ...headers, 'cache-control': 'no-store' } }
}

export const handler = httpHandler(
  bind(readWithdrawalPage, async ({ query }) => {
    const withdrawal = await readToken(query.token)
    return withdrawal ? pageReply(renderWithdrawalPage(withdrawal.purpose)) : pageReply(renderBadLink(), 400)
  }),

  bind(withdrawByLink, async ({ query, text, sourceIp, userAgent }) => {
    const withdrawal = await readToken(query.token)
    if (!withdrawal) return pageReply(renderBadLink(), 400)
    const { personId, purpose } = withdrawal
    const wording = wordingOf(purpose)
    const decided = await consents.decide(personId, {
      ...{ purpose, decision: 'withdrawn', pressed: WITHDRAW },
      ...{ wording: wording.text, wordingVersion: wording.version, wordingSha256: wording.sha256 },
      at: new Date().toISOString(),
      channel: ONE_CLICK.test(text) ? 'mail_program' : 'link',
      ...{ sourceIp, userAgent },
    })
    if (!decided.ok) throw new Problem('busy', 'Nothing was recorded. Please try again.')
    return pageReply(renderWithdrawn(purpose))
  }),
)
