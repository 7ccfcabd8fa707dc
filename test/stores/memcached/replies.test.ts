import { test } from 'tap'
import { type Reply, ReplyReader } from '../../../lib/stores/memcached/replies.js'

const said = [
  'STORED',
  'VALUE session:a 0 6 42',
  'żółć'.slice(0, 3),
  'VALUE session:b 0 18 43',
  'VALUE x 0 3 1\r\nEND',
  'VALUE empty 0 0 44',
  '',
  'END',
  'CONFIG cluster 0 20',
  '2\nh|10.0.0.1|11211\n\n',
  'END',
  'SERVER_ERROR out of memory',
  'END'
].join('\r\n')

const heard: readonly Reply[] = [
  { line: 'STORED', items: [] },
  {
    line: 'END',
    items: [
      { key: 'session:a', data: 'żół', cas: '42' },
      { key: 'session:b', data: 'VALUE x 0 3 1\r\nEND', cas: '43' },
      { key: 'empty', data: '', cas: '44' }
    ]
  },
  { line: 'END', items: [{ key: 'cluster', data: '2\nh|10.0.0.1|11211\n\n', cas: undefined }] },
  { line: 'SERVER_ERROR out of memory', items: [] },
  { line: 'END', items: [] }
]

test('replies are the same however the bytes are cut into packets', async (t) => {
  const bytes = Buffer.from(`${said}\r\n`)
  for (let length = 1; length <= bytes.length; length++) {
    const reader = new ReplyReader()
    const replies: Reply[] = []
    for (let at = 0; at < bytes.length; at += length) replies.push(...reader.read(bytes.subarray(at, at + length)))
    t.strictSame(replies, heard, `packets of ${length}`)
  }
})
