// node scripts/run.mjs <folder/file> [arguments]: set-up, then a compiled script in this process.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, root, setUp, setUpBench } from './setUp.mjs';

const [node = 'node', , name = '', ...rest] = process.argv;
if (name === '') fail('Usage: node scripts/run.mjs <folder/file> [arguments]');
const isBench = name.startsWith('bench/');
await (isBench ? setUpBench() : setUp());
const file = path.join(root, 'dist', `${name}.js`);
// As if Node had been called with the script: it finds its arguments where it expects them.
process.argv = [node, file, ...rest];
await import(pathToFileURL(file).href);
