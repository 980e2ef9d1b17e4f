import unhomoglyph from 'unhomoglyph';
import { foldCase } from './caseFolding';

/**
 * What an id looks like: the skeleton of Unicode's UTS #39, section 4, in one case and one width. Two ids with one skeleton look the
 * same to a reader, in whatever scripts they are written.
 */
export function skeletonOf(login: string): string {
  return foldCase(unhomoglyph(login.normalize('NFKD')));
}
