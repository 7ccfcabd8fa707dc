/** A clock that a test moves. */
export interface MovableClock {
  /** Lets time pass, in ms. A negative number sets the clock back, as an administrator may. */
  pass(ms: number): void
  /** Gives the real clock back. */
  restore(): void
  [Symbol.dispose](): void
}

/**
 * Puts a clock that can be moved in the place of `Date`, for everything in this process: lifetimes of sessions, ends of
 * cookies in a `TestBrowser`, and stores that go by the process's clock (memory, file, SQLite, LMDB). It runs on at its
 * ordinary pace. Timers are left alone, and so are engines with clocks of their own: give sessions on those short
 * lifetimes, and wait.
 *
 * Vitest (`vi.setSystemTime`), Jest (`jest.useFakeTimers`) and node:test (`mock.timers.enable`) have clocks of their own: use
 * one or the other, and leave their timers real, since a request waits for them. `Symbol.dispose` is there for `using`.
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
      // Of no arguments alone the present is made.
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
    // `Date()` without `new` is a text of the present.
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
