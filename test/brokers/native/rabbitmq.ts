import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installFolder } from '../folders.ts'
import { identify, isAlive } from '../process.ts'
import { until } from '../until.ts'
import { inside, isUnpacked, missingTools, unpack, type DebianPackages } from './debian-packages.ts'
import type { Engine, Place, Running } from './engine.ts'
import { launch, logFile, untilAnswers } from './starting.ts'

const run = promisify(execFile)

/** RabbitMQ as a release of Debian has it: 3.10 in bookworm, the oldest that the project supports, and 4.0 in trixie. */
export function rabbitmq(name: 'rabbitmq-3' | 'rabbitmq-4'): Engine {
  const packages: DebianPackages = {
    release: name === 'rabbitmq-3' ? 'bookworm' : 'trixie',
    packages: ['rabbitmq-server', 'dash', 'coreutils', 'sed', 'grep', 'util-linux', 'hostname', 'libgmp10'],
    without: /^(?:lib)?python3|^(?:tzdata|media-types|dpkg|libsqlite3-0)$/u,
    folder: installFolder(name),
  }
  const program = (place: Place, tool: string, ...args: string[]): [string, ...string[]] =>
    inside(packages.folder, place.folder, environment(place), [tool, ...args])

  return {
    ports: 4,
    graceMs: 20_000,
    missing() {
      const lack = missingTools()
      if (lack !== undefined) return `natively it is Debian's package, and ${lack}; start Docker, or set its URL`
      return isUnpacked(packages) ? undefined : `not installed; \`pnpm brokers install ${name}\` does it`
    },
    async install(say) {
      const lack = missingTools()
      if (lack !== undefined) throw new Error(`${name} can't be installed: ${lack}`)
      if (!isUnpacked(packages)) await unpack(packages, say)
    },
    async start(place, born) {
      prepare(place)
      // RabbitMQ would start an epmd of its own, which outlives it and whose pid nobody knows.
      const helpers = [await launch(place, program(place, '/usr/bin/epmd'))]
      born({ nodes: [], helpers })
      const script = await launch(place, program(place, '/usr/lib/rabbitmq/bin/rabbitmq-server'))
      helpers.push(script)
      born({ nodes: [], helpers })
      // The script passes no signal on: the broker is the process whose pid stands in the file.
      const beam = await until(
        `the pid of ${name}; see ${logFile(place.folder)}`,
        () => {
          if (!isAlive(script)) throw new Error(`${name} ended at once; see ${logFile(place.folder)}`)
          return identify(readPid(place))
        },
        { timeoutMs: 30_000 },
      )
      const running: Running = { nodes: [beam], helpers }
      born(running)
      await untilAnswers(name, url(place), place, [beam])
      return running
    },
    url,
    management: ({ ports }) => `http://127.0.0.1:${ports[3]}`,
    logs: ({ folder }) => [logFile(folder), logFile(folder, `${nodeName}.log`)],
    async admin(place, args) {
      const [command, ...rest] = program(place, '/usr/lib/rabbitmq/bin/rabbitmqctl', '-q', '-n', nodeName, ...args)
      const { stdout } = await run(command, rest, { env: { PATH: process.env['PATH'] } })
      return stdout
    },
  }
}

const url = ({ ports }: Place): string => `amqp://guest:guest@127.0.0.1:${ports[0]}`

const nodeName = 'rabbit@localhost'

// Paths as the broker sees them.
function environment({ ports: [amqp, distribution, epmd] }: Place): NodeJS.ProcessEnv {
  return {
    RABBITMQ_NODENAME: nodeName,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(amqp),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: '/place/data',
    RABBITMQ_LOG_BASE: '/place/log',
    RABBITMQ_PID_FILE: '/place/pid',
    RABBITMQ_CONFIG_FILE: '/place/rabbitmq.conf',
    RABBITMQ_ENABLED_PLUGINS_FILE: '/place/plugins',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
}

function prepare({ folder, ports }: Place): void {
  for (const name of ['data', 'log']) mkdirSync(join(folder, name), { recursive: true })
  const settings = [
    `listeners.tcp.1 = 127.0.0.1:${ports[0]}`,
    'disk_free_limit.absolute = 50MB',
    'vm_memory_high_watermark.absolute = 512MB',
    'log.console = false',
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports[3]}`,
  ]
  writeFileSync(join(folder, 'rabbitmq.conf'), `${settings.join('\n')}\n`)
  writeFileSync(join(folder, 'plugins'), '[rabbitmq_management].\n')
  rmSync(pidFile(folder), { force: true }) // the one of the last run
}

function pidFile(folder: string): string {
  return join(folder, 'pid')
}

function readPid({ folder }: Place): number {
  return existsSync(pidFile(folder)) ? Number(readFileSync(pidFile(folder), 'utf8')) : 0
}
