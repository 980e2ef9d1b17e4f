import { createHash } from 'node:crypto';
import type { Html } from './html';

const STYLE = `
:root { color-scheme: light dark; --line: #8883; --faint: #666; --good: #17803d; --bad: #b3261e; --wait: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --good: #6fd08c; --faint: #aaa; --bad: #f2897f; --wait: #e5b95c; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
p { color: var(--faint); margin: .2rem 0 1.5rem; }
table { border-collapse: collapse; width: 100%; }
th { color: var(--faint); font-weight: 500; text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: .5rem 1.25rem .5rem 0; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { min-width: 24rem; font: 12px/1.7 ui-monospace, monospace; overflow-wrap: anywhere; }
.faint { color: var(--faint); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.wait { color: var(--wait); }
ul { list-style: none; margin: 0; padding: 0; }
nav { margin: 1.5rem 0; }
`;

export const STYLE_ELEMENT: Html = { html: `<style>${STYLE}</style>` };

/** The only style that the page's Content-Security-Policy allows. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
