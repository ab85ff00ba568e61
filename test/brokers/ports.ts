import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'

// Below the ports that systems hand out to outgoing connections (Linux: from 32768), so that a broker which is down for a
// moment finds its port free when it comes back.
const lowest = 20_000
const highest = 32_000

/** Neighbouring ports, none of which anybody listens on at the loopback address. */
export async function freePorts(count: number): Promise<readonly number[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = randomInt(lowest, highest - count)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports
  }
  throw new Error(`Found no ${count} free ports between ${lowest} and ${highest}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
