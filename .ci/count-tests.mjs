// Adds up the test runs of .ci/run: `node .ci/count-tests.mjs REPORTS FAILED_STEPS`.
//
// REPORTS holds, for each run of vitest, `<name>.exit` with its exit code and, if it came that far,
// `<name>.json` with its report. A run that ended badly without a failed test counts as one failure.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [reports = "", failedSteps = "0"] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);

for (const file of readdirSync(reports).toSorted()) {
  if (!file.endsWith(".exit")) continue;
  const name = file.slice(0, -".exit".length);
  const exitCode = Number(readFileSync(join(reports, file), "utf8"));
  const reportFile = join(reports, `${name}.json`);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (existsSync(reportFile)) {
    const report = JSON.parse(readFileSync(reportFile, "utf8"));
    // A file that could not be loaded has failed, and has no tests.
    const unloaded = report.testResults.filter(
      ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
    );
    counts.passed = report.numPassedTests;
    counts.failed = report.numFailedTests + unloaded.length;
    counts.skipped = report.numPendingTests + report.numTodoTests;
  }
  if (counts.failed === 0 && (exitCode !== 0 || counts.passed === 0)) counts.failed = 1;
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  passed += counts.passed;
  failed += counts.failed;
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
