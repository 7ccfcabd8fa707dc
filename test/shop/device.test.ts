import t from 'tap'
import { deviceOf } from '../../examples/shop/device.js'

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

t.test('a browser is called by the name that its user knows, with its version and the device', async (t) => {
  const devices = {
    [`${MAC} Chrome/156.0.0.0 Safari/537.36`]: 'Chrome 156 on macOS',
    [`${MAC} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.3200.1`]: 'Edge 156 on macOS',
    [`${MAC} Chrome/156.0.0.0 Safari/537.36 OPR/131.0.0.0`]: 'Opera 131 on macOS',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15':
      'Safari 26 on macOS',
    [`${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`]: 'Safari 18 on iPhone',
    [`${IPHONE} CriOS/156.0.0.0 Mobile/15E148 Safari/604.1`]: 'Chrome 156 on iPhone',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0': 'Firefox 145 on Windows',
    'Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36':
      'Samsung Internet 29 on Android',
    'curl/8.5.0': 'curl 8',
    'something else': 'A browser',
    '': 'A browser'
  }
  for (const [agent, device] of Object.entries(devices)) t.equal(deviceOf(agent), device, agent)
  t.equal(deviceOf(), 'A browser')
})
