export const ZOD_3 =
  'this is a schema of zod 3, which can not encode: import { z } from "zod" in version 4 (npm install zod@4), not from "zod/v3"'

export function isZod3(schema: unknown): boolean {
  const def = (schema as { readonly _def?: { readonly typeName?: unknown } } | null | undefined)?._def
  return typeof def?.typeName === 'string'
}
