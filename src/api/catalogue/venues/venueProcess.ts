/** The process that reads one venue: its body comes on stdin, the reading goes to stdout. */
import { buffer } from 'node:stream/consumers';
import { packReading } from './readingLines';
import { readVenueBytes } from './readVenueBytes';

async function main(): Promise<void> {
  for (const piece of packReading(readVenueBytes(await buffer(process.stdin)))) process.stdout.write(piece);
}

void main();
