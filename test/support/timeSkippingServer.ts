import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, install } from '../../src/launcher/binaries/cache';
import { findOnPath, run, withProgress } from '../../src/launcher/binaries/commands';
import { LaunchFailure, type Report } from '../../src/launcher/failure';
import { firstWay, type FoundBinary } from '../../src/launcher/binaries/foundBinary';
import { downloadWithSdk } from '../../src/launcher/binaries/temporalBinary';

const VERSION = '1.38.0';
const FROM_SDK = 'temporal-test-server-sdk';
const FROM_MAVEN = `temporal-test-server-${VERSION}-quiet`;
/** A logger that writes nothing. The server's own choice would print a line to say that it logs nothing. */
const SLF4J_VERSION = '1.7.36';
const EXECUTABLE = 'temporal-test-server';

/** The jars of the server. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>temporal-test-server-jars</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>${SLF4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * Never adds --enable-time-skipping. With that flag the clock runs free from the start, and the first workflow whose
 * result is awaited times out.
 */
const SCRIPT = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -Xmx512m -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$1"
`;

/**
 * Finds the executable of Temporal's time-skipping test server, for tests of workflows: in the cache, with the SDK's
 * own download, or as the Java server from Maven Central.
 *
 * @throws {LaunchFailure} if every way fails; the message says what to do
 */
export async function findTimeSkippingServer(report: Report): Promise<FoundBinary> {
  for (const name of [FROM_SDK, FROM_MAVEN]) {
    const folder = cached(name);
    if (folder) return { file: path.join(folder, EXECUTABLE), how: `${name} in the cache` };
  }
  const advice = 'there is no time-skipping test server: install Java and Maven';
  return firstWay('Time-skipping server', [fromSdk, fromMaven], advice, report);
}

async function fromSdk(report: Report): Promise<FoundBinary> {
  const work = install(FROM_SDK, report, (folder) => downloadWithSdk(EXECUTABLE, folder));
  const what = "Time-skipping server: the SDK's own download, once; takes some seconds";
  const folder = await withProgress(report, what, work);
  return { file: path.join(folder, EXECUTABLE), how: "the SDK's download" };
}

async function fromMaven(report: Report): Promise<FoundBinary> {
  const maven = findOnPath('mvn');
  if (!maven || !findOnPath('java'))
    throw new LaunchFailure('Java or Maven is missing, so the server cannot be downloaded');
  const fill = async (folder: string): Promise<void> => {
    const work = path.join(folder, 'maven');
    await mkdir(work);
    await writeFile(path.join(work, 'pom.xml'), POM);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    const places = [`-DoutputDirectory=${path.join(folder, 'lib')}`];
    await run(maven, ['-q', '-B', ...goal, ...places], { cwd: work, timeoutMs: 300_000 });
    await writeFile(path.join(folder, EXECUTABLE), SCRIPT);
    await chmod(path.join(folder, EXECUTABLE), 0o755);
    await rm(work, { recursive: true });
  };
  const what =
    'Time-skipping server: downloading its jars (38 MB) from Maven Central, once; takes less than a minute';
  const folder = await withProgress(report, what, install(FROM_MAVEN, report, fill));
  return { file: path.join(folder, EXECUTABLE), how: `the Java server ${VERSION} from Maven Central` };
}
