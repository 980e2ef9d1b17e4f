import unhomoglyph from 'unhomoglyph';
import { foldCase } from './caseFolding';

/**
 * Returns the skeleton of an id (Unicode UTS #39, section 4), in one case and one width. If two ids have the same
 * skeleton, they look the same to a reader, even if they use different scripts.
 */
export function skeletonOf(login: string): string {
  return foldCase(unhomoglyph(login.normalize('NFKD')));
}
