// A process that has a broker of its own until it is killed. Started by brokers.test.ts.
import { select, up } from './brokers.ts'

const [name] = select(process.argv.slice(2))
if (name === undefined) throw new TypeError('Name a broker')
const { url } = await up(name, { for: 'own' })
process.send?.(url)
setInterval(() => undefined, 60_000)
