import { Converter, ReflectionKind } from 'typedoc'

/** Modules are named as they are imported: `fastify-sessions/stores/redis`, and not `stores/redis`. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const subpath = module.name.replace(/\/?index$/, '')
      module.name = subpath === '' ? 'fastify-sessions' : `fastify-sessions/${subpath}`
    }
  })
}
