import { build } from 'vite'

const FORMS = { own: {}, whole: { noExternal: true } }
await build({ configFile: false, ssr: FORMS[process.argv[2]], build: { ssr: 'app.js', outDir: 'out' } })
