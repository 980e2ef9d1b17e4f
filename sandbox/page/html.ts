import escape from 'escape-html';

/** Text that is already HTML: {@link html} has made it, or it is one of our constants. */
export interface Html {
  readonly html: string;
}

type Part = Html | readonly Html[] | string | number;

/** A template of HTML. Every inserted part is escaped, unless it is HTML itself. */
export function html(text: TemplateStringsArray, ...parts: Part[]): Html {
  return { html: String.raw({ raw: text }, ...parts.map(render)) };
}

function render(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return 'html' in part ? part.html : part.map((one) => one.html).join('');
}
