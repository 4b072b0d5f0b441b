import type { PrivacyRequest } from './privacy-request.ts'

export type StepInput = { accountId: string; request: PrivacyRequest; at: string; cursor?: string }

/** What a step came to: `cursor` while there is more of it, `blockedBy` when somebody has to do something first. */
export type StepResult = { count?: bigint; cursor?: string; blockedBy?: string }

/** A step of an erasure, for one account. */
export type ErasureStep = { name: string; run(input: StepInput): Promise<StepResult> }
