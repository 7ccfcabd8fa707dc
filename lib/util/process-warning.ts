const told = new Set<string>()

/**
 * Emits a warning once per process, on Node's standard error. For apps without a logger, so that nobody finds out by
 * losing sessions.
 */
export function warnProcess(message: string, code: string): void {
  if (told.has(message)) return
  told.add(message)
  process.emitWarning(message, { code })
}
