/** A clock that a test can move. */
export interface MovableClock {
  /** Moves the clock forward by this many ms. A negative number sets it back, as an administrator may. */
  pass(ms: number): void
  /** Restores the real clock. */
  restore(): void
  [Symbol.dispose](): void
}

/**
 * Replaces `Date`, for everything in this process, by a clock that can be moved. It affects lifetimes of sessions, the
 * expiry of cookies in a `TestBrowser`, and stores that use the process's clock (memory, file, SQLite, LMDB). The clock
 * runs on at its normal pace. Timers are not affected, and neither are engines with clocks of their own: give sessions
 * there short lifetimes, and wait.
 *
 * Vitest (`vi.setSystemTime`), Jest (`jest.useFakeTimers`) and node:test (`mock.timers.enable`) have clocks of their
 * own. Use either those or this one, and leave their timers real, since a request waits for timers. `Symbol.dispose`
 * supports `using`.
 *
 * @example
 * const clock = movableClock()
 * t.teardown(() => clock.restore())
 * clock.pass(15 * 24 * 60 * 60 * 1000)
 */
export function movableClock(): MovableClock {
  const RealDate = globalThis.Date
  let offset = 0
  class MovedDate extends RealDate {
    constructor(...args: [] | [number | string | Date] | [number, number, ...number[]]) {
      // Only `new Date()` without arguments means the present.
      super(...((args.length === 0 ? [RealDate.now() + offset] : args) as [number]))
    }

    static override now(): number {
      return RealDate.now() + offset
    }

    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate
    }
  }
  globalThis.Date = new Proxy(MovedDate, {
    // `Date()` without `new` returns the present as text.
    apply: () => new MovedDate().toString()
  }) as unknown as DateConstructor
  const restore = () => {
    globalThis.Date = RealDate
  }
  return {
    pass: (ms) => {
      offset += ms
    },
    restore,
    [Symbol.dispose]: restore
  }
}
