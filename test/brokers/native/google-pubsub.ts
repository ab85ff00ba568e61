import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import type { Engine, Place } from './engine.ts'
import { launch, logFile, untilAnswers } from './starting.ts'
import { lacks } from './tools.ts'

/** Google's emulator of Pub/Sub. It keeps everything in memory: after a restart it knows no topic. */
export const googlePubsub: Engine = {
  ports: 1,
  graceMs: 5_000,
  missing,
  install() {
    const why = missing()
    return why === undefined ? Promise.resolve() : Promise.reject(new Error(`google-pubsub can't be installed: ${why}`))
  },
  async start(place, born) {
    const [port] = place.ports
    const command = ['-Xmx256m', '-XX:+UseSerialGC', '-jar', findJar() ?? '', '--host=127.0.0.1', `--port=${port}`]
    const node = await launch(place, ['java', ...command])
    born({ nodes: [node], helpers: [] })
    await untilAnswers('google-pubsub', url(place), place, [node])
    return { nodes: [node], helpers: [] }
  },
  url,
  logs: ({ folder }) => [logFile(folder)],
}

function url({ ports }: Place): string {
  return `http://127.0.0.1:${ports[0]}`
}

function missing(): string | undefined {
  const lack = lacks('java')
  if (lack !== undefined)
    return `natively it needs Java, and this machine has ${lack}; get it, start Docker, or set its URL`
  if (findJar() !== undefined) return undefined
  return 'install google-cloud-cli-pubsub-emulator (`gcloud components install pubsub-emulator`), or name its jar in PUBSUB_EMULATOR_JAR'
}

function findJar(): string | undefined {
  const named = process.env['PUBSUB_EMULATOR_JAR']
  if (named !== undefined && existsSync(named)) return named
  const roots = ['/usr/lib/google-cloud-sdk', '/opt/google-cloud-sdk', sdkRoot()].filter((root) => root !== undefined)
  const jar = 'platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar'
  return roots.flatMap((root) => globSync(`${root}/${jar}`)).at(0)
}

function sdkRoot(): string | undefined {
  if (lacks('gcloud') !== undefined) return undefined
  try {
    const question = ['info', '--format=value(installation.sdk_root)']
    return execFileSync('gcloud', question, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    }).trim()
  } catch {
    return undefined
  }
}
