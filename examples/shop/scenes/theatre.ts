import type { Act, Scene } from './scene.js'
import { Stage } from './stage.js'
import type { Run } from './step.js'

/** A scene takes some hundredths of a second, and a few megabytes meanwhile. */
const AT_ONCE = 2
const MOST_WAITING = 20
/** A scene that gets stuck is a fault of its own, and must not hold its place. */
const DEADLINE = 5000

/** Runs scenes, a few at a time, whoever asks for how many. */
export class Theatre {
  readonly #deadline: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** @param deadline the most that an act may take, in ms */
  constructor(deadline = DEADLINE) {
    this.#deadline = deadline
  }

  /** What came of each, by their names; `undefined`: too many others wait already. */
  async run(scenes: readonly Scene[]): Promise<Readonly<Record<string, Run>> | undefined> {
    if (this.#waiting.length >= MOST_WAITING) return undefined
    await this.#enter()
    try {
      const runs: Record<string, Run> = {}
      for (const scene of scenes) runs[scene.name] = await runOf(scene, this.#deadline)
      return runs
    } finally {
      this.#leave()
    }
  }

  #enter(): Promise<void> | undefined {
    if (this.#running >= AT_ONCE) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#running += 1
    return undefined
  }

  /** Whoever waits takes the place of the one who leaves. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running -= 1
    else next()
  }
}

async function runOf({ acts }: Scene, deadline: number): Promise<Run> {
  const played: Run['acts'] = []
  for (const act of acts) played.push(await playOf(act, deadline))
  return { at: Date.now(), acts: played }
}

async function playOf(act: Act, deadline: number): Promise<Run['acts'][number]> {
  const stage = new Stage()
  try {
    const outcome = await inTime(act.play(stage), deadline)
    return { steps: [...stage.steps], outcome }
  } finally {
    await stage.close()
  }
}

async function inTime<T>(work: Promise<T>, deadline: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The scene took too long.')), deadline)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
