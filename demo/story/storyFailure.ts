/** A response was not as expected. The message is for the person who watches the demo. */
export class StoryFailure extends Error {
  override readonly name = 'StoryFailure';
}
