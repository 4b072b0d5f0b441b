import { z } from 'zod'
import { signInReply } from '../edge/caller.ts'
import { CHANNELS, type ConsentRecord, type Consents } from './consent.ts'
import { PURPOSES, type Purpose, purposeSchema, titleOf, wordingOf } from './purposes.ts'

export const consentReply = z
  .object({
    purpose: purposeSchema,
    title: z.string(),
    decision: z.enum(['none', 'given', 'withdrawn']).meta({
      description: 'none: nobody has decided, which means no; show it as not chosen',
    }),
    decidedAt: z.string().optional(),
    wording: z.string().meta({ description: 'to be shown with the choice' }),
    wordingVersion: z.string(),
    wordingSha256: z.string().meta({ description: 'to be sent when it is given' }),
    revision: z.int().meta({ description: 'to be sent when it is given' }),
  })
  .meta({ id: 'Consent' })

export const consentRecordReply = z
  .object({
    purpose: purposeSchema,
    number: z.int().meta({ description: 'counts the person’s decisions of this purpose' }),
    decision: z.enum(['given', 'withdrawn']),
    at: z.string(),
    channel: z.enum(CHANNELS).meta({
      description: 'link and mail_program: by an e-mail’s own link, without sign-in',
    }),
    wording: z.string(),
    wordingVersion: z.string(),
    wordingSha256: z.string(),
    pressed: z.string(),
    subject: z.string().optional(),
    sourceIp: z.string(),
    userAgent: z.string(),
    signIn: signInReply.optional(),
  })
  .meta({ id: 'ConsentRecord' })

/** Every purpose, decided or not, with the words to show. */
export function presentConsents(current: Consents): z.output<typeof consentReply>[] {
  return PURPOSES.map((purpose) => presentConsent(purpose, current[purpose]))
}

export function presentConsent(
  purpose: Purpose,
  record: ConsentRecord | undefined,
): z.output<typeof consentReply> {
  const wording = wordingOf(purpose)
  return {
    purpose,
    title: titleOf(purpose),
    decision: record?.decision ?? 'none',
    decidedAt: record?.at,
    wording: wording.text,
    wordingVersion: wording.version,
    wordingSha256: wording.sha256,
    revision: Number(record?.number ?? 0n),
  }
}

export function presentConsentRecord({
  email,
  ...record
}: ConsentRecord): z.output<typeof consentRecordReply> {
  return { ...record, number: Number(record.number) }
}
