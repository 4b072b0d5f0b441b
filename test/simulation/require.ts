/** Something that must hold does not. */
export class Violation extends Error {}

export function require(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Violation(what())
}

/** Micros for people. */
export function units(micros: bigint): string {
  const text = (micros < 0n ? -micros : micros).toString().padStart(7, '0')
  const fraction = text.slice(-6).replace(/0{1,4}$/, '')
  return `${micros < 0n ? '-' : ''}${text.slice(0, -6)}.${fraction}`
}
