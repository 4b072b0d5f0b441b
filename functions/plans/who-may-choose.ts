/** Who may choose a plan for an account. Staff buy nothing anew for a client whose terms wait; they may end its plan. */
export function whoMayChoose(planId: string | null) {
  return { roles: ['owner', 'billing'] as const, staff: planId === null || ('under_terms' as const) }
}
