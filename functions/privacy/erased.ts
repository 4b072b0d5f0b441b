/** What stands in the place of what was erased. */
export const ERASED = '(erased)'
