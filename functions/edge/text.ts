import { z } from 'zod'

/**
 * One line of text for people to read, without white space around it. Refuses what no page, e-mail or statement can show:
 * control characters, line breaks among them, halves of characters, which no database keeps, and the two code points that
 * no queue carries.
 */
export function lineSchema(longest: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine(
      (text) => !/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text),
      'must be one line of text, without control characters and halves of characters',
    )
}

/** Text of several lines: line breaks and tabs are its only control characters. */
export function linesSchema(longest: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine(
      (text) => !/[^\P{Cc}\t\n\r]|[\p{Cs}\uFFFE\uFFFF]/u.test(text),
      'must be text without halves of characters and control characters other than line breaks and tabs',
    )
}

/** What a machine wrote, as one line for people: control characters become spaces, and a long one is cut between characters. */
export function asLine(text: string, longest: number): string {
  const line = text.replace(/[\p{Cc}\uFFFE\uFFFF]/gu, ' ')
  return line.length <= longest ? line : line.slice(0, longest).replace(/\p{Cs}$/u, '')
}
