const told = new Set<string>()

/** Of apps without a logger what nobody should learn from lost sessions: on the standard error of Node, once a process. */
export function warnProcess(message: string, code: string): void {
  if (told.has(message)) return
  told.add(message)
  process.emitWarning(message, { code })
}
