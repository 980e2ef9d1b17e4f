/** The story went differently than it should. The message is for the person who watches. */
export class StoryFailure extends Error {
  override readonly name = 'StoryFailure';
}
