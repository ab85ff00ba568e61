// The process that is fauxqs: `node fauxqs-server.ts <port>`.
import { buildApp } from 'fauxqs'

// Its own start offers no choice of address, and with its memory on disk fauxqs 2.4.1 loses a message whose visibility is set to
// 0: it writes no receive count, which its table does not take. So it remembers nothing over a restart.
const app = buildApp({ logger: false, host: '127.0.0.1' })
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
process.once('SIGTERM', () => {
  void app.close().finally(() => process.exit(0))
})
