import { styleText } from 'node:util'

/** Colour where the stream shows it and NO_COLOR does not forbid it. */
export function paint(stream: NodeJS.WriteStream, style: Parameters<typeof styleText>[0], text: string): string {
  return text !== '' && stream.isTTY && stream.hasColors() ? styleText(style, text, { validateStream: false }) : text
}
