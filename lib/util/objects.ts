export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the message for the first unknown option; `undefined` if all are known. */
export function otherOption(options: object, known: readonly string[]): string | undefined {
  const other = Object.keys(options).find((option) => !known.includes(option))
  return other && `there is no option "${other}"; there are ${known.join(', ')}`
}
