import assert from 'node:assert/strict'
import type { Lab } from './lab.js'
import { freshId, put, tomorrow, written } from './lab.js'
import { type Scenario, type Skip, scenario } from './scenario.js'

/** A text is read as it was written, character for character, whatever it looks like. */
export const texts: readonly Scenario[] = [
  keeps('an empty text', () => ['']),
  keeps('white space at either end', () => [
    ' a ',
    '\n',
    '\t\ttab',
    'line\r\nline\r\n',
    'trailing   ',
    '\u00a0',
    '\u2003'
  ]),
  keeps('any letter of Unicode, composed or not', () => [
    'zażółć gęślą jaźń',
    'שלום 你好 สวัสดี',
    '👩‍👩‍👧‍👦 🏳️‍🌈 \u{10ffff}',
    '\u00e9 is not e\u0301',
    '\ufb01 \u212b \u2126',
    'ÿ\u0080\u009f'
  ]),
  keeps('characters that formats treat in a way of their own', () => [
    '\u2028\u2029',
    '\ufeffa byte order mark',
    '\ufffd\ufffe\uffff',
    '\u0001\u0008\u000b\u001f\u007f\u0085'
  ]),
  keeps('text that looks like something else', () => [
    '{"a":1,  "a":2}',
    '[1e400, -0, 1.0]',
    '"quoted"',
    'null',
    'undefined',
    'true',
    '007',
    '1e3',
    '9007199254740993',
    '2026-01-01T00:00:00.000Z',
    `it's "quoted" \`three\` ways, \\ and \\n`,
    `'; DROP TABLE sessions; --`,
    '%s %d %% $1 :name ? {x} {{x}} <x> @p0 #1',
    '__proto__',
    'a=b; c=d, e\\u0000'
  ]),
  keeps(
    'U+0000',
    () => ['\0', 'a\0b', 'end\0'],
    ({ nul = true }) => (nul ? undefined : 'the engine has no U+0000')
  ),
  keeps('a text of tens of thousands of letters beyond ASCII', (lab) => [
    'ż👋'.repeat(Math.floor(lab.longestText / 40))
  ]),
  keeps('a text of the longest length', (lab) => [lettersOf(lab.longestText)]),

  scenario('a shorter text leaves nothing of a longer one behind', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    let version = await put(store, id, lettersOf(Math.min(20_000, lab.longestText)))
    for (const text of ['{"short":true}', '', 'longer again, yet short', 'x']) {
      version = written(await store.update(id, text, tomorrow(), version), 'update')
      assert.equal((await store.read(id))?.text, text)
    }
  }),

  scenario('touch leaves every character of the text', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    const text = ' {"ż": "👋\u2028"}\n'
    await put(store, id, text)
    await store.touch(id, tomorrow())
    assert.equal((await store.read(id))?.text, text)
  })
]

function keeps(what: string, samples: (lab: Lab) => readonly string[], skip?: Skip): Scenario {
  return scenario(`${what} comes back character for character`, (lab) => roundTrip(lab, samples(lab)), skip)
}

async function roundTrip(lab: Lab, samples: readonly string[]): Promise<void> {
  const [mine, theirs] = await lab.rivals()
  for (const text of samples) {
    const id = freshId()
    const version = await put(mine, id, text)
    assertSame((await theirs.read(id))?.text, text, 'created')
    const next = written(await theirs.update(id, `${text}${text}`, tomorrow(), version), 'update')
    written(await theirs.update(id, text, tomorrow(), next), 'update')
    assertSame((await mine.read(id))?.text, text, 'updated')
    await mine.remove(id)
  }
}

/** `assert.equal` is not used, because its message would contain the whole text, up to a megabyte. */
function assertSame(got: string | undefined, text: string, how: string): void {
  if (got === text) return
  let at = 0
  while (at < text.length && got?.[at] === text[at]) at++
  const [wrote, read] = [text, got ?? ''].map((whole) => JSON.stringify(whole.slice(at, at + 40)))
  const lengths = `${text.length} characters, ${got?.length} came back`
  assert.fail(`a text that was ${how} differs from character ${at} on: wrote ${wrote}, read ${read} (${lengths})`)
}

/** Returns ASCII text without a short period, so that a lost or swapped block is noticed. */
function lettersOf(length: number): string {
  const words = Array.from({ length: Math.ceil(length / 8) }, (_, index) => index.toString(36).padStart(8, '.'))
  return words.join('').slice(0, length)
}
