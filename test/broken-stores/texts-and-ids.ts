import { type Bug, SoundStore } from './sound-store.js'

const text = (bug: string, promise: string, keep: (text: string) => string): Bug => ({
  bug,
  promise: `${promise} comes back character for character`,
  Store: class extends SoundStore {
    override keep(original: string) {
      return keep(original)
    }
  }
})

const id = (bug: string, promise: string, change: (id: string) => string): Bug => ({
  bug,
  promise,
  Store: class extends SoundStore {
    override key(original: string) {
      return super.key(change(original))
    }
  }
})

/** Stores that change texts, and stores that confuse ids. */
export const textAndIdBugs: readonly Bug[] = [
  text('a text is trimmed', 'white space at either end', (original) => original.trim()),
  text('white space at the end is cut off', 'white space at either end', (original) => original.replace(/ +$/, '')),
  text('line ends are normalised', 'white space at either end', (original) => original.replace(/\r\n/g, '\n')),
  text('letters are composed', 'any letter of Unicode, composed or not', (original) => original.normalize('NFC')),
  text('a text is kept as Latin-1', 'any letter of Unicode, composed or not', (original) =>
    Buffer.from(original, 'latin1').toString('latin1')
  ),
  text('only the basic plane is kept', 'any letter of Unicode, composed or not', (original) =>
    original.replace(/[\u{10000}-\u{10ffff}]/gu, '?')
  ),
  text('a byte order mark is dropped', 'characters that formats treat in a way of their own', (original) =>
    new TextDecoder().decode(Buffer.from(original))
  ),
  text('control characters are dropped', 'characters that formats treat in a way of their own', (original) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
    original.replace(/[\u0001-\u0008]/g, '')
  ),
  text('a text ends at U+0000', 'U+0000', (original) => original.split('\0')[0] as string),
  text('JSON is parsed and written anew', 'text that looks like something else', (original) => {
    try {
      return JSON.stringify(JSON.parse(original))
    } catch {
      return original
    }
  }),
  text('quotes are escaped and not unescaped', 'text that looks like something else', (original) =>
    original.replaceAll("'", "''")
  ),
  text('an empty text becomes null', 'an empty text', (original) => original || (null as unknown as string)),
  text('a text is cut at 65,535 bytes', 'a text of the longest length', (original) =>
    Buffer.from(original).subarray(0, 65_535).toString()
  ),
  text('a long text is decoded block by block', 'a text of tens of thousands of letters beyond ASCII', (original) => {
    const bytes = Buffer.from(original)
    const blocks = Array.from({ length: Math.ceil(bytes.length / 4096) }, (_, at) => at * 4096)
    return blocks.map((start) => bytes.subarray(start, start + 4096).toString()).join('')
  }),
  {
    bug: 'a shorter text is written over the start of a longer one',
    promise: 'a shorter text leaves nothing of a longer one behind',
    Store: class extends SoundStore {
      override put(key: string, short: string, expires: number) {
        return super.put(key, short + (this.live(key)?.text ?? '').slice(short.length), expires)
      }
    }
  },
  {
    bug: 'touch writes the text back as ASCII',
    promise: 'touch leaves every character of the text',
    Store: class extends SoundStore {
      override async touch(key: string, expires: number) {
        const row = this.live(key)
        if (row)
          this.rows.set(this.key(key), { ...row, expires, text: Buffer.from(row.text, 'ascii').toString('ascii') })
        return row !== undefined
      }
    }
  },

  id('ids are compared without regard to case', 'ids that differ only in letter case are different records', (one) =>
    one.toLowerCase()
  ),
  id('ids are cut short', 'ids that differ only in the last letter are different records', (one) => one.slice(0, 42)),
  id('the first letter is lost', 'ids that differ only in the first letter are different records', (one) =>
    one.slice(1)
  ),
  id('- and _ are one letter', 'ids that differ only in - and _ are different records', (one) =>
    one.replaceAll('-', '_')
  ),
  id('ids are kept as 16 buckets', 'a hundred records are kept apart', (one) =>
    String([...one].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 16)
  ),
  {
    bug: 'the name of the table is forgotten',
    promise: 'another store on the same engine is not seen, and not changed',
    Store: class extends SoundStore {
      override key(one: string) {
        return `sessions:${one}`
      }
    }
  }
]
