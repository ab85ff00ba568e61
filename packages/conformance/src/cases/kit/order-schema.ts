import type { StandardSchemaV1 } from 'anybroker'

/** What a shop would send. */
export interface Order {
  readonly id: number
  readonly total: number
}

/** A Standard Schema by hand: the suite brings no schema library. */
export const orderSchema: StandardSchemaV1<unknown, Order> = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate(value) {
      if (typeof value !== 'object' || value === null) return { issues: [{ message: 'an order is an object' }] }
      const { id, total } = value as Partial<Record<keyof Order, unknown>>
      if (typeof id !== 'number') return { issues: [{ message: 'id must be a number', path: ['id'] }] }
      if (typeof total !== 'number') return { issues: [{ message: 'total must be a number', path: ['total'] }] }
      return { value: { id, total } }
    },
  },
}
