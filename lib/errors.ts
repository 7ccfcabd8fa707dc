import createError from '@fastify/error'

/** A store's options are wrong, or the engine under it lacks what the store needs: refused before the first request. */
export const StoreConfigError = createError<[string, string]>('FST_SESSIONS_STORE_CONFIG', 'store "%s": %s', 500)
