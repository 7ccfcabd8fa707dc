import { StoreConfigError } from '../../errors.js'
import { isObject, otherOption } from '../../util/objects.js'

type NameOf<Options> = Options extends unknown ? keyof Options : never

/**
 * Returns the options of a store, after checking that they are an object without unknown, probably misspelt, names.
 * @throws StoreConfigError when they are not
 */
export function storeOptions<Options extends object>(
  store: string,
  options: Options,
  known: Readonly<Record<NameOf<Options>, true>>
): Options {
  if (!isObject(options)) throw new StoreConfigError(store, `expected an object of options, got ${typeof options}`)
  const other = otherOption(options, Object.keys(known))
  if (other !== undefined) throw new StoreConfigError(store, other)
  return options
}
