/** A variable that Jest's global setup has set: see there. */
export function testEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests with Jest's global setup`);
  return value;
}
