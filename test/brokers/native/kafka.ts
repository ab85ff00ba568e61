import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installFolder } from '../folders.ts'
import type { ProcessId } from '../process.ts'
import type { Engine, Place } from './engine.ts'
import { kafkaVersion } from './kafka-version.ts'
import { launch, logFile, untilAnswers } from './starting.ts'
import { lacks } from './tools.ts'

const run = promisify(execFile)

const jars = installFolder(`kafka-${kafkaVersion}`)
const clusterId = 'YW55YnJva2VyLXRlc3QtMQ' // any 16 bytes, base64url
const memory = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** Kafka without ZooKeeper: one node, or three that hold three copies and confirm with two. */
export function kafka(name: 'kafka' | 'kafka-3-nodes'): Engine {
  const count = name === 'kafka' ? 1 : 3
  const url = (place: Place): string =>
    `kafka://${nodesOf(place, count)
      .map(({ client }) => `127.0.0.1:${client}`)
      .join(',')}`
  return {
    ports: 2 * count,
    graceMs: 20_000,
    missing() {
      const lack = lacks('java')
      if (lack !== undefined)
        return `natively it needs Java 17, and this machine has ${lack}; get it, start Docker, or set its URL`
      return existsSync(jars) ? undefined : `not installed; \`pnpm brokers install ${name}\` does it`
    },
    async install(say) {
      const lack = lacks('java', 'mvn')
      if (lack !== undefined)
        throw new Error(`${name} can't be installed: it comes by Maven, and this machine has ${lack}`)
      if (!existsSync(jars)) await fetchJars(say)
    },
    async start(place, born) {
      const nodes: ProcessId[] = []
      for (const node of nodesOf(place, count)) {
        await format(place, node, count)
        const options = [...memory, `-Dlog4j2.configurationFile=${join(node.folder, 'log4j2.properties')}`]
        const command = [...options, '-cp', `${jars}/*`, 'kafka.Kafka', settingsFile(node)]
        nodes.push(await launch(place, ['java', ...command], { log: `node-${node.id}.log` }))
        born({ nodes, helpers: [] })
      }
      await untilAnswers(name, url(place), place, nodes)
      return { nodes, helpers: [] }
    },
    url,
    logs: (place) => nodesOf(place, count).map(({ id }) => logFile(place.folder, `node-${id}.log`)),
  }
}

interface Node {
  readonly id: number
  readonly folder: string
  readonly client: number
  readonly controller: number
}

function nodesOf({ folder, ports }: Place, count: number): readonly Node[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    folder: join(folder, `node-${index + 1}`),
    client: ports[2 * index] ?? 0,
    controller: ports[2 * index + 1] ?? 0,
  }))
}

function settingsFile({ folder }: Node): string {
  return join(folder, 'server.properties')
}

async function format(place: Place, node: Node, count: number): Promise<void> {
  const data = join(node.folder, 'data')
  if (existsSync(join(data, 'meta.properties'))) return
  mkdirSync(node.folder, { recursive: true })
  writeFileSync(settingsFile(node), settings(node, nodesOf(place, count), data))
  writeFileSync(join(node.folder, 'log4j2.properties'), logging)
  const tool = ['-cp', `${jars}/*`, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settingsFile(node)]
  await run('java', ['-XX:TieredStopAtLevel=1', ...tool])
}

function settings({ id, client, controller }: Node, all: readonly Node[], data: string): string {
  const copies = all.length
  const confirming = copies > 1 ? 2 : 1
  const values = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': all.map((node) => `${node.id}@127.0.0.1:${node.controller}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'default.replication.factor': copies,
    'min.insync.replicas': confirming,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': confirming,
    // Without these a single node can't serve share groups.
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': confirming,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
  }
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

const logging = `rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n
`

// Complete when it has its name.
async function fetchJars(say: (line: string) => void): Promise<void> {
  mkdirSync(dirname(jars), { recursive: true })
  const scratch = mkdtempSync(`${jars}.`)
  try {
    writeFileSync(join(scratch, 'pom.xml'), pom)
    say(`fetching the jars of Kafka ${kafkaVersion}`)
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(scratch, 'lib')}`]
    await run('mvn', ['-B', '-q', '-f', join(scratch, 'pom.xml'), ...goal], { maxBuffer: 1 << 26 })
    if (!existsSync(jars)) renameSync(join(scratch, 'lib'), jars)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>anybroker</groupId>
  <artifactId>brokers</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.24.3</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version></dependency>
  </dependencies>
</project>
`
