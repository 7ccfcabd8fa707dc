import type { FastifyBaseLogger } from 'fastify'
import type { Definition } from '../../types/options.js'
import type { OlderForms } from '../records/record.js'
import { nameOf, type Payload } from '../schema/codec.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import type { ResolvedDefinition, StepDown } from './definition.js'

/**
 * What processes of older versions are to read, as far down as each step says how; `undefined` where the newest does not.
 * A step that fails, or gives no object, ends it there: those below can't read the session, and so do not change it.
 */
export function olderForms(
  definition: ResolvedDefinition,
  payload: Payload,
  log: FastifyBaseLogger
): OlderForms | undefined {
  let forms: Record<string, Payload> | undefined
  let form: unknown = payload
  for (const { to, down } of definition.stepsDown) {
    form = stepDown(definition, to, () => down(copyOf(form)), log)
    if (!isObject(form)) break
    forms ??= {}
    forms[to] = form
  }
  return forms
}

function stepDown(definition: ResolvedDefinition, to: number, step: () => unknown, log: FastifyBaseLogger): unknown {
  try {
    return copyOf(step())
  } catch (error) {
    // Its message can quote values.
    log.warn(
      { session: definition.name, version: to },
      `a step down threw ${nameOf(error)}: older processes can't read what is stored`
    )
    return undefined
  }
}

/** As it is when it was stored; what is no JSON gives `undefined`, or throws. */
function copyOf(payload: unknown): unknown {
  return parseJson(JSON.stringify(payload) ?? '')
}

export function stepsUp({ migrate = {} }: Definition): Readonly<Record<number, (payload: unknown) => unknown>> {
  const steps = Object.entries(migrate).map(([version, step]) => [version, typeof step === 'object' ? step.up : step])
  return Object.fromEntries(steps)
}

export function stepsDown({ version = 1, migrate = {} }: Definition): readonly StepDown[] {
  const steps: StepDown[] = []
  for (let to = version - 1; to >= 1; to--) {
    const step = migrate[to]
    if (typeof step !== 'object' || step.down === undefined) break
    steps.push({ to, down: step.down })
  }
  return steps
}
