/** For what compares by patterns, and takes a text for a part of what is found: the whole text, and nothing else. */
export function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`)
}
