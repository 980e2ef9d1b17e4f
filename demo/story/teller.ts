import { inspect, styleText } from 'node:util';
import type { Exchange } from './exchange';

/** Prints the story: chapters, explanations, requests and responses. */
export interface Teller {
  chapter(title: string): void;
  /** Explains what comes next. */
  say(text: string): void;
  /** @param shown the useful part of the response body; the whole body if left out */
  exchange(exchange: Exchange, shown?: unknown): void;
  /** Counts down on a terminal. Otherwise prints one line with the time that is left. */
  countdown(what: string, until: number): Promise<void>;
  /** Lines of plain text, such as a link. */
  note(...lines: string[]): void;
}

type Style = Parameters<typeof styleText>[0];

/** The headers that matter for the story. The others would hide them. */
const TELLING_HEADERS = ['location', 'etag', 'retry-after'];

/** A longer string is a token. */
const LONGEST_STRING = 110;
const SHOWN_OF_TOKEN = 18;
/** How many items of a long list to show, such as the seats of an arena. */
const SHOWN_ITEMS = 3;
const INDENT = '   ';
/** A width at which a seat fits into one line. */
const WIDEST = 140;

/** @param output gets colours if it is a terminal and NO_COLOR is not set */
export function createTeller(output: NodeJS.WriteStream): Teller {
  const colours = output.isTTY && !process.env['NO_COLOR'];
  const paint = (style: Style, text: string): string => (colours ? styleText(style, text) : text);
  const write = (line: string): void => void output.write(`${line}\n`);
  const breakLength = Math.min(output.columns || WIDEST, WIDEST) - INDENT.length - 2;
  const describe = (body: unknown): string =>
    inspect(shorten(body), {
      colors: colours,
      depth: 5,
      breakLength,
      maxArrayLength: SHOWN_ITEMS,
    }).replaceAll(/^/gm, `${INDENT}  `);
  let chapters = 0;

  return {
    chapter(title) {
      chapters += 1;
      const heading = `${chapters}. ${title}`;
      write(`\n${paint(['bold', 'cyan'], heading)}\n${paint('cyan', '─'.repeat(heading.length))}`);
    },

    say(text) {
      write(`\n${paint('bold', text)}`);
    },

    exchange({ call, status, headers, body, milliseconds }, shown = body) {
      const { method, path, by, body: sent, headers: given = {} } = call;
      const who = by ? paint('dim', `   (${by.id})`) : '';
      write(`${INDENT}${paint('blue', '→')} ${paint('bold', method)} ${path}${who}`);
      for (const [name, value] of Object.entries(given)) write(`${INDENT}  ${paint('dim', name)}: ${value}`);
      if (sent !== undefined) write(describe(sent));

      const verdict = paint(status < 400 ? 'green' : 'yellow', String(status));
      write(`${INDENT}${paint('blue', '←')} ${verdict} ${paint('dim', `after ${milliseconds} ms`)}`);
      for (const name of TELLING_HEADERS) {
        const value = headers.get(name);
        if (value !== null) write(`${INDENT}  ${paint('dim', name)}: ${value}`);
      }
      if (shown !== undefined) write(describe(shown));
    },

    async countdown(what, until) {
      const left = (): number => Math.max(0, Math.ceil((until - Date.now()) / 1_000));
      if (!output.isTTY) write(`${INDENT}${what}: ${left()} s`);
      while (Date.now() < until) {
        if (output.isTTY) output.write(`\r${INDENT}${what}: ${left()} s `);
        await new Promise((resolve) => setTimeout(resolve, Math.min(250, until - Date.now())));
      }
      if (output.isTTY) output.write(`\r\u001b[K`);
    },

    note(...lines) {
      for (const line of lines) write(`${INDENT}${line}`);
    },
  };
}

/** A token is not useful to a reader. */
function shorten(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.length > LONGEST_STRING ? `${value.slice(0, SHOWN_OF_TOKEN)}…` : value;
  }
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner)]));
}
