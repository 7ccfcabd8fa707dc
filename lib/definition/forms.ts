import type { FastifyBaseLogger } from 'fastify'
import type { Definition } from '../../types/options.js'
import type { OlderForms } from '../records/record.js'
import { nameOf, type Payload } from '../schema/codec.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import type { ResolvedDefinition, StepDown } from './definition.js'

/**
 * Returns the payload in the forms of older versions, as far down as there are steps; `undefined` if there is none from
 * the present version. A step that fails, or returns no object, ends the chain: processes of the versions below can't
 * read the session, and so do not change it.
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
    // The message of the error may quote values.
    log.warn(
      { session: definition.name, version: to },
      `a step down threw ${nameOf(error)}: older processes can't read what is stored`
    )
    return undefined
  }
}

/**
 * Returns a copy, as storing and reading would make it. For a value that is not JSON it returns `undefined`, or throws.
 */
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
