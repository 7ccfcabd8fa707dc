/**
 * Returns an error's message, or its code: some errors, such as that of a connection refused at every address of a
 * host, have a code and no message.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || String((error as Error & { readonly code?: string }).code ?? error.name)
}
