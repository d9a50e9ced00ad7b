/** Prints what the SDK adds to a page, its MessagePack library included: `npm run size`. */

import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const entry = `export { connect } from './dist/index.js'`
const { outputFiles } = await build({
  stdin: { contents: entry, resolveDir: new URL('..', import.meta.url).pathname },
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  write: false,
})
const [{ contents } = { contents: new Uint8Array() }] = outputFiles
console.log(`${contents.length} bytes minified, ${gzipSync(contents, { level: 9 }).length} bytes with gzip`)
