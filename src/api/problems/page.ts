import escape from 'escape-html';
import { isProblemSlug } from '../../domain/problems';
import { PROBLEMS } from './table';

/** The page at the `type` of a problem. Null for a name that is not a problem. */
export function problemPage(slug: string): string | null {
  if (!isProblemSlug(slug)) return null;
  const { status, title, explanation, advice } = PROBLEMS[slug];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title></head>
<body>
<h1>${escape(title)}</h1>
<p>Status ${status}, <code>${slug}</code></p>
<h2>What happened</h2>
<p>${escape(explanation)}</p>
<h2>What to do</h2>
<p>${escape(advice)}</p>
</body>
</html>
`;
}
