/** The types of Go's that a number can have. */
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

/** How an app that shares sessions with a Go app says what they look like there. */
export interface SharedWithGo {
  /** As the Go app writes what a session holds. Default: as it is where no other is set there. */
  readonly serializer?: 'json' | 'gob'
  /**
   * With gob, the types by key that numbers have in Go; of a list, of those in it. Default: that which the value has
   * there, else `int` for whole numbers and `float64` for others.
   */
  readonly types?: Readonly<Record<string, GoNumber>>
  /** The kinds of flash messages that the Go app reads and adds: each is a key there. Default `['_flash']`. */
  readonly flashes?: readonly string[]
}
