import { Problem } from '../edge/problem.ts'

/** The terms have not been accepted; as a refusal, so that a posting may look for its key before it comes out. */
export type TermsBlocked = { ok: false; reason: 'blocked'; problem: Problem }

/** The label of the terms in effect, for the entry; or what closes the account. */
export type TermsAsked = { ok: true; label?: string } | TermsBlocked

/** The label of the terms in effect for an account that is let through, or what closes it. */
export async function askTerms<Account>(
  require: (account: Account, now: Date) => Promise<string | undefined>,
  account: Account,
  now: Date,
): Promise<TermsAsked> {
  try {
    return { ok: true, label: await require(account, now) }
  } catch (problem) {
    if (problem instanceof Problem) return { ok: false, reason: 'blocked', problem }
    throw problem
  }
}
