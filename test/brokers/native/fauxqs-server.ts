// The process that is fauxqs: `node fauxqs-server.ts <port> <folder of its data>`.
import { Server, type ListenOptions } from 'node:net'
import { startFauxqs } from 'fauxqs'

// fauxqs with a memory on disk listens on all addresses and offers no choice.
type Listen = (this: Server, options: ListenOptions, ...rest: unknown[]) => Server
// oxlint-disable-next-line typescript/unbound-method -- called below with the server that it was called on
const listen = Server.prototype.listen as Listen
Server.prototype.listen = function onLoopback(this: Server, options: ListenOptions, ...rest: unknown[]): Server {
  return listen.call(this, { ...options, host: '127.0.0.1' }, ...rest)
} as Server['listen']

const [port, dataDir = ''] = process.argv.slice(2)
const server = await startFauxqs({ port: Number(port), host: '127.0.0.1', dataDir, logger: false })
process.once('SIGTERM', () => {
  void server.stop().finally(() => process.exit(0))
})
