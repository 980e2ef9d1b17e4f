// npm start: set-up, then everything that Holdfast needs, and Holdfast. --watch restarts it on a change.
import { setUp } from './setUp.mjs';

await setUp();
// Named by a variable: there is nothing to check it against before the first build.
const launcher = '../dist/src/launcher/main.js';
await import(launcher);
