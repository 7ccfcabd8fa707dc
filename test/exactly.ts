/**
 * Returns a pattern that matches exactly this text. For comparisons by pattern, in which a plain text matches as a
 * substring.
 */
export function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`)
}
