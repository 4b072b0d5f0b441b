/** Of each byte seven bits count; the eighth says that another byte follows. */
const STEP = 128

export type NumberWriter = ReturnType<typeof createNumberWriter>
export type NumberReader = ReturnType<typeof createNumberReader>

/**
 * Lists of whole numbers as bytes, the smaller the shorter (LEB128). A list begins with 1 where some are below zero: then
 * each is doubled, and those below zero stand at the odd places between.
 */
export function createNumberWriter() {
  const bytes: number[] = []

  function write(numbers: readonly number[]): void {
    const isSigned = numbers.some((number) => number < 0)
    bytes.push(isSigned ? 1 : 0)
    for (const number of numbers) writeOne(isSigned ? (number < 0 ? -2 * number - 1 : 2 * number) : number)
  }

  function writeOne(number: number): void {
    let left = number
    for (; left >= STEP; left = Math.floor(left / STEP)) bytes.push((left % STEP) + STEP)
    bytes.push(left)
  }

  return { write, bytes: () => Buffer.from(bytes) }
}

/** Reads the lists in the order in which they were written; throws where there is none. */
export function createNumberReader(bytes: Uint8Array) {
  let place = 0

  function read(count: number): number[] {
    const isSigned = nextByte() === 1
    return Array.from({ length: count }, () => {
      const number = readOne()
      if (!isSigned) return number
      return number % 2 === 1 ? -(number + 1) / 2 : number / 2
    })
  }

  function readOne(): number {
    let number = 0
    for (let weight = 1; ; weight *= STEP) {
      const byte = nextByte()
      number += (byte % STEP) * weight
      if (byte < STEP) return number
    }
  }

  function nextByte(): number {
    const byte = bytes[place]
    if (byte === undefined) throw new Error('packed numbers end too early')
    place += 1
    return byte
  }

  return { read }
}
