import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Which of these programs this machine lacks, in words that follow "this machine has"; `undefined` when none. */
export function lacks(...tools: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  const absent = tools.filter((tool) => !folders.some((folder) => existsSync(join(folder, tool))))
  return absent.length === 0 ? undefined : `no ${absent.join(', no ')}`
}
