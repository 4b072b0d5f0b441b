import type { Caller } from '../edge/caller.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { createConsentStore } from './consent.store.ts'
import { decideConsent, readConsentHistory, readMyConsents } from './consents.api.ts'
import { personIdOf } from './person-key.ts'
import { presentConsent, presentConsentRecord, presentConsents } from './present-consents.ts'
import { wordingOf } from './purposes.ts'

const { DOCUMENTS_TABLE } = environment('DOCUMENTS_TABLE')
const consents = createConsentStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })

/** Whoever is signed in decides for their own address, and for no other. */
function emailOf({ email }: Caller): string {
  if (email === undefined)
    throw new Problem('role_not_allowed', 'Consent is given and withdrawn by people, not by machines.')
  return email
}

export const handler = httpHandler(
  bind(readMyConsents, async ({ caller }) => {
    const { current } = await consents.readAll(personIdOf(emailOf(caller)))
    return { status: 200, body: { consents: presentConsents(current) } }
  }),

  bind(decideConsent, async ({ caller, params: { purpose }, body, sourceIp, userAgent }) => {
    const email = emailOf(caller)
    const wording = wordingOf(purpose)
    if (body.decision === 'given' && body.wordingSha256 !== wording.sha256) {
      const detail = 'The wording is another one now: read it again, and show it before it is given.'
      throw new Problem('consent_wording_changed', detail, {
        errors: [{ field: 'wordingSha256', detail: 'is not that of the wording of now' }],
      })
    }
    const decided = await consents.decide(
      personIdOf(email),
      {
        ...{ purpose, decision: body.decision, pressed: body.pressed },
        ...{ wording: wording.text, wordingVersion: wording.version, wordingSha256: wording.sha256 },
        at: new Date().toISOString(),
        ...{ channel: 'signed_in', email, subject: caller.subject, signIn: caller.signIn },
        ...{ sourceIp, userAgent },
      },
      body.decision === 'given' ? BigInt(body.revision) : undefined,
    )
    if (decided.ok) return { status: 200, body: presentConsent(purpose, decided.record) }
    if (decided.reason === 'busy') throw new Problem('busy', 'Nothing was recorded.')
    throw new Problem('changed_meanwhile', 'Another decision was made since this was read. Read it again.')
  }),

  bind(readConsentHistory, async ({ params: { email } }) => {
    const { current, history } = await consents.readAll(personIdOf(email))
    return {
      status: 200,
      body: { email, consents: presentConsents(current), records: history.map(presentConsentRecord) },
    }
  }),
)
