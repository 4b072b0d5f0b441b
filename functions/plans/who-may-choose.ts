import type { Caller } from '../edge/caller.ts'

/** Who may choose a plan for an account. Staff buy nothing anew for a client whose terms wait; they may end its plan. */
export function whoMayChoose(planId: string | null) {
  return { roles: ['owner', 'billing'] as const, staff: planId === null || ('under_terms' as const) }
}

/** Who of them may change it so although terms wait. */
export function mayDespiteTerms(caller: Pick<Caller, 'kind'>, planId: string | null): boolean {
  return caller.kind === 'staff' && whoMayChoose(planId).staff === true
}
