/** The process that reads one venue. It gets the body on stdin and writes the reading to stdout. */
import { buffer } from 'node:stream/consumers';
import { packReading } from './readingLines';
import { readVenueBytes } from './readVenueBytes';

async function main(): Promise<void> {
  for (const piece of packReading(readVenueBytes(await buffer(process.stdin)))) process.stdout.write(piece);
}

void main();
