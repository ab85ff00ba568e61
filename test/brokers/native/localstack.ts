import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installFolder } from '../folders.ts'
import type { Engine, Place } from './engine.ts'
import { launch, logFile, untilAnswers } from './starting.ts'
import { lacks } from './tools.ts'

const run = promisify(execFile)

// Later lines of LocalStack ask for a token. The others are what this version was seen to work with.
const version = '4.12.0'
const requirements = [
  `localstack-core[base-runtime]==${version}`,
  'moto-ext[sqs,sns]==5.1.54',
  'cbor2<6',
  'pyopenssl<25.2',
  'cryptography<46',
  'service-identity',
  'airspeed-ext',
  'jsonpath-ng',
  'antlr4-python3-runtime==4.13.2',
]

const folder = installFolder(`localstack-${version}`)
const python = join(folder, 'bin', 'python')
const complete = join(folder, 'complete')

/** A second engine of SQS and SNS, stricter than the first. It keeps everything in memory. */
export const localstack: Engine = {
  ports: 1,
  graceMs: 10_000,
  missing: () => (existsSync(complete) ? undefined : 'not installed; `pnpm brokers install localstack` does it'),
  async install(say) {
    if (existsSync(complete)) return
    const lack = lacks('python3')
    if (lack !== undefined)
      throw new Error(`localstack can't be installed: it needs Python 3.11, and this machine has ${lack}`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(dirname(folder), { recursive: true })
    await run('python3', ['-m', 'venv', folder])
    say(`fetching localstack-core ${version} and what it needs`)
    await run(python, ['-m', 'pip', 'install', '-q', ...requirements], { maxBuffer: 1 << 26 })
    writeFileSync(`${complete}.new`, '')
    renameSync(`${complete}.new`, complete)
  },
  async start(place, born) {
    const start = join(place.folder, 'start.py')
    writeFileSync(start, program)
    const node = await launch(place, [python, start], {
      env: {
        SERVICES: 'sqs,sns',
        EAGER_SERVICE_LOADING: '1',
        GATEWAY_LISTEN: `127.0.0.1:${place.ports[0]}`,
        DNS_ADDRESS: '0',
        DISABLE_EVENTS: '1',
        SKIP_SSL_CERT_DOWNLOAD: '1',
      },
    })
    born({ nodes: [node], helpers: [] })
    await untilAnswers('localstack', url(place), place, [node])
    return { nodes: [node], helpers: [] }
  },
  url,
  logs: (place) => [logFile(place.folder)],
}

function url({ ports }: Place): string {
  return `http://127.0.0.1:${ports[0]}`
}

// It listens on all addresses, whatever GATEWAY_LISTEN says.
const program = `import functools
from twisted.internet import endpoints

endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

from localstack.runtime.main import main

main()
`
