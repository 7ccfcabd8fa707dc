/** Go's types of numbers. */
export type GoNumber =
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float32'
  | 'float64'

/** How sessions that this app shares with a Go app are stored there. */
export interface SharedWithGo {
  /** The serializer that the Go app uses for sessions. Default `'gob'`; for a cookie `'json'`. */
  readonly serializer?: 'json' | 'gob'
  /**
   * Only for gob: the Go type of numbers, by key; for a list, the type of its items. Default: the type that the stored
   * value already has, else `int` for whole numbers and `float64` for others.
   */
  readonly types?: Readonly<Record<string, GoNumber>>
  /**
   * The kinds of flash messages that the Go app reads and adds. Each kind is a key of its session. Default
   * `['_flash']`.
   */
  readonly flashes?: readonly string[]
}
