import { join } from 'node:path'
import type { Engine, Place } from './engine.ts'
import { launch, logFile, untilAnswers } from './starting.ts'

/** An engine of SQS and SNS in Node. It comes with the dev dependencies of the project, and keeps everything in memory. */
export const fauxqs: Engine = {
  ports: 1,
  graceMs: 5_000,
  missing: () => undefined,
  install: () => Promise.resolve(),
  async start(place, born) {
    const server = join(import.meta.dirname, 'fauxqs-server.ts')
    const node = await launch(place, [process.execPath, server, String(place.ports[0])])
    born({ nodes: [node], helpers: [] })
    await untilAnswers('fauxqs', url(place), place, [node])
    return { nodes: [node], helpers: [] }
  },
  url,
  logs: ({ folder }) => [logFile(folder)],
}

function url({ ports }: Place): string {
  return `http://127.0.0.1:${ports[0]}`
}
