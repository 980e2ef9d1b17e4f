// node scripts/run.mjs <folder/file> [arguments]: runs the set-up, then a compiled script in this process.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, root, setUp, setUpBench } from './setUp.mjs';

const [node = 'node', , name = '', ...rest] = process.argv;
if (name === '') fail('Usage: node scripts/run.mjs <folder/file> [arguments]');
const isBench = name.startsWith('bench/');
await (isBench ? setUpBench() : setUp());
const file = path.join(root, 'dist', `${name}.js`);
// As if Node had started the script directly, so that the script finds its arguments at the usual place.
process.argv = [node, file, ...rest];
await import(pathToFileURL(file).href);
