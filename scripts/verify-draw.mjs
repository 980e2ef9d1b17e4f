// node verify-draw.mjs <file or URL of the draw> [entryId] [--hash <seedHash noted before the opening>]
//
// Recomputes the draw of a sale's opening. It needs only this file and Node, and nothing of the service.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

const sha256 = (/** @type {string} */ text) => createHash('sha256').update(text).digest('hex');

/**
 * @param {{ seedHash: string, seed: string, entries: string[] }} draw
 * @param {{ entryId?: string | undefined, noted?: string | undefined }} claims
 * @returns {string[]} the checks that fail; empty if the draw is correct
 */
function faultsOf({ seedHash, seed, entries }, { entryId, noted }) {
  const faults = [];
  if (noted !== undefined && noted !== seedHash) {
    faults.push('The published hash is not the one that you noted before the opening.');
  }
  if (sha256(seed) !== seedHash) faults.push('The seed does not have the published hash.');
  if (new Set(entries).size !== entries.length) faults.push('An entry is listed twice.');
  const keys = entries.map((entry) => sha256(seed + entry));
  const wrong = keys.findIndex((key, index) => key < (keys[index - 1] ?? ''));
  if (wrong > 0) faults.push(`The order does not follow from the seed: entry ${wrong + 1} is too far back.`);
  if (entryId !== undefined && !entries.includes(entryId)) {
    faults.push(
      `The entry ${entryId} is not in the draw: it was left out, or it was made after the opening.`,
    );
  }
  return faults;
}

/** @param {string} source */
async function read(source) {
  if (!/^https?:/.test(source)) return readFile(source, 'utf8');
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${source} returns ${response.status}: ${await response.text()}`);
  return response.text();
}

/**
 * @param {string} text
 * @returns {{ seedHash: string, seed: string, entries: string[] } | { seedHash: string, seed: null }}
 */
function parse(text) {
  /** @type {unknown} */
  const draw = JSON.parse(text);
  if (typeof draw === 'object' && draw && 'seedHash' in draw && typeof draw.seedHash === 'string') {
    const { seedHash } = draw;
    if (!('seed' in draw)) return { seedHash, seed: null };
    if (typeof draw.seed === 'string' && 'entries' in draw && Array.isArray(draw.entries)) {
      return { seedHash, seed: draw.seed, entries: draw.entries.map(String) };
    }
  }
  throw new Error('This is not a draw.');
}

/** @returns {Promise<number>} the exit code */
async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { hash: { type: 'string' } },
  });
  const [source, entryId] = positionals;
  if (source === undefined) {
    say('Usage: npm run verify-draw -- <file or URL of the draw> [entryId] [--hash <seedHash>]');
    return 1;
  }
  const draw = parse(await read(source));
  if (draw.seed === null) {
    say('The draw has not been held yet. Note its hash now, and pass it with --hash after the draw:');
    say(draw.seedHash);
    return 1;
  }
  const faults = faultsOf(draw, { entryId, noted: values.hash });
  if (faults.length > 0) {
    say(`THE DRAW IS WRONG.\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    return 1;
  }
  const { seedHash, entries } = draw;
  say(
    `The draw is correct: the seed has the published hash, and the order of all ${entries.length} entries follows from it.`,
  );
  if (values.hash === undefined) {
    say(`Compare the hash with the one that you noted before the opening: ${seedHash}`);
  }
  if (entryId !== undefined) {
    say(`The entry ${entryId} has position ${entries.indexOf(entryId) + 1} of ${entries.length}.`);
  }
  return 0;
}

main().then(
  (code) => (process.exitCode = code),
  (/** @type {unknown} */ error) => {
    say(`The draw could not be checked. ${String(error)}`);
    process.exitCode = 1;
  },
);
