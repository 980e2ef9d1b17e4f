// npm start: runs the set-up, then starts everything that Holdfast needs, and Holdfast. --watch restarts it on a
// change.
import { setUp } from './setUp.mjs';

await setUp();
// A variable, because before the first build there is no module for the type check to find.
const launcher = '../dist/src/launcher/main.js';
await import(launcher);
