import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a broker that can be cut like a network. */
export interface Cuttable {
  readonly port: number
  /** Ends every connection made so far. */
  cut(): Promise<void>
  close(): Promise<void>
}

/** Passes bytes on to `host:port`, until it is cut. */
export async function cuttable(host: string, port: number): Promise<Cuttable> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port, noDelay: true })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await listening(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    cut: () => {
      for (const socket of sockets) socket.destroy()
      return Promise.resolve()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}
