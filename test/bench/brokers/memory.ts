import { memory } from '@anybroker/memory'
import { connect } from 'anybroker'
import type { BrokerBench } from '../bench.ts'
import { coreCases } from '../cases/core.ts'
import { naive } from '../cases/naive.ts'
import { peers } from '../cases/peers.ts'
import { throughTheSeam } from '../cases/seam.ts'

export const memoryBench: BrokerBench = {
  cases: [...peers, naive, throughTheSeam('engine', () => memory()), ...coreCases(() => connect(memory()))],
  yardstick: 'fastq.promise, 100',
}
