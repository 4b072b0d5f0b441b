/** The later of two instants, days or months, written so that texts order as times do. */
export function laterOf(one: string, other: string): string {
  return one > other ? one : other
}
