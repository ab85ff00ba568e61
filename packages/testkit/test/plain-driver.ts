import {
  BrokerError,
  declare,
  type Connection,
  type Driver,
  type Receiver,
  type Ref,
  type Sender,
  type WireDelivery,
  type WireMessage,
} from '@anybroker/driver'

interface Waiting {
  readonly message: WireMessage
  readonly attempt: number
}

/** Lists in place of a broker: enough of a driver to see what faults do to it. */
export function plainDriver(): { driver: Driver; waiting: Map<string, Waiting[]>; open: Set<object> } {
  const waiting = new Map<string, Waiting[]>()
  const open = new Set<object>()
  const listOf = (ref: Ref) => {
    const name = 'name' in ref ? ref.name : ref.kind
    const list = waiting.get(name) ?? []
    waiting.set(name, list)
    return list
  }

  function openSender(target: Ref): Sender {
    const sender: Sender = {
      batch: { maxMessages: 10, maxBytes: 1e6, maxInFlight: 1, keepsKeyOrder: true },
      async send(batch) {
        for (const message of batch) listOf(target).push({ message, attempt: 1 })
        return batch.map(({ id }) => ({ as: 'confirmed', evidence: id }))
      },
      async close() {
        open.delete(sender)
      },
    }
    open.add(sender)
    return sender
  }

  function openReceiver(source: Ref): Receiver {
    const inHand = new Map<object, Waiting>()
    const take = (receipt: unknown) => {
      const found = inHand.get(receipt as object)
      inHand.delete(receipt as object)
      return found
    }
    const receiver: Receiver = {
      async receive(max) {
        return listOf(source)
          .splice(0, max)
          .map((waits): WireDelivery => {
            const receipt = {}
            inHand.set(receipt, waits)
            return { receipt, ...waits, redelivered: waits.attempt > 1, leaseUntil: 30_000, native: undefined }
          })
      },
      async settle(batch) {
        return batch.map((settlement) => {
          const found = take(settlement.receipt)
          if (found === undefined) return { as: 'lost' }
          if (settlement.as === 'retry') listOf(source).push({ ...found, attempt: settlement.attempts + 1 })
          return { as: 'ok' }
        })
      },
      async extend(receipts, leaseMs) {
        return receipts.map((receipt) =>
          inHand.has(receipt as object) ? { as: 'ok', leaseUntil: leaseMs } : { as: 'lost' },
        )
      },
      async release(back) {
        return back.map(({ receipt, attempts }) => {
          const found = take(receipt)
          if (found) listOf(source).unshift({ ...found, attempt: attempts + 1 })
          return { as: found ? 'ok' : 'lost' }
        })
      },
      onLost() {},
      async resize() {},
      pause() {},
      resume() {},
      async close() {
        for (const waits of inHand.values()) listOf(source).unshift(waits)
        inHand.clear()
        open.delete(receiver)
      },
    }
    open.add(receiver)
    return receiver
  }

  const capabilities = declare(
    { grade: 'native', proof: 'engine' },
    {
      Q4: { grade: 'native', proof: 'engine', duplicates: 'none' },
      D1: { grade: 'native', proof: 'engine', evidence: 'confirmed' },
      D2: { grade: 'none', proof: 'engine', holdMaxMs: 1e9, maxMs: 1e9, block: false },
      D3: { grade: 'native', proof: 'engine', attempt: 'exact' },
      M1: { grade: 'native', proof: 'engine', maxBytes: 1e6 },
    },
  )
  // Frozen, as a careful driver is: what wraps it must cope.
  const driver: Driver = Object.freeze({
    spec: 1,
    name: 'plain',
    capabilities,
    describeError: (error: unknown) =>
      error instanceof BrokerError
        ? { code: error.code, retryable: error.retryable, scope: 'message' }
        : { code: 'UNAVAILABLE', retryable: false, scope: 'connection' },
    async connect() {
      const connection: Connection = Object.freeze({
        capabilities,
        native: undefined,
        openSender: async (target: Ref) => openSender(target),
        openReceiver: async (source: Ref) => openReceiver(source),
        topology: {
          ensure: async () => ({ as: 'same' as const }),
          check: async () => ({ as: 'same' as const }),
          delete: async () => true,
        },
        admin: { depth: async (ref: Ref) => ({ ready: listOf(ref).length }) },
        onState() {},
        async close() {
          open.delete(connection)
        },
      } satisfies Connection)
      open.add(connection)
      return connection
    },
  } satisfies Driver)
  return { driver, waiting, open }
}
