/** A longest number of E.164 has 15 digits; international prefixes and sub-addresses make some longer. */
const MOST_DIGITS = 32
const LONGEST_TEXT = 200

/**
 * The digits of a called number, as prefixes are written: country code first, without `+`. Undefined when no number is
 * left, as for `&`, `anonymous` or `*97`.
 *
 * Taken away: the scheme `sip:`, `sips:` or `tel:`, display name and angle brackets, everything from `@` or `;` on, then
 * white space, dots, dashes, slashes and brackets, a national `(0)` after a country code, and one international prefix
 * `+` or `00`. A national prefix is kept: `020…` is looked up as it stands.
 */
export function normalizeDestination(text: string): string | undefined {
  if (text.length > LONGEST_TEXT) return undefined
  const bracketed = /<([^<>]*)>/.exec(text)?.[1] ?? text
  const user = bracketed
    .trim()
    .replace(/^(?:sips?|tel):/i, '')
    .replace(/[@;].*$/s, '')
  const international = /^\s*(?:\+|00)/.test(user)
  const joined = (international ? user.replace(/\(0\)/, '') : user).replace(/[\s.\-/()]/g, '')
  const digits = joined.replace(/^(?:\+|00)/, '')
  return /^[0-9]+$/.test(digits) && digits.length <= MOST_DIGITS ? digits : undefined
}
