// The analysis on the test's own thread, behind the same port and messages as on a thread of its own, so that a test can give
// it frontends and look at what they do.

import type { StartAnalysis } from '../../server/src/lsp/analysis-client.ts';
import { serveAnalysis, type AnalysisEnvironment } from '../../server/src/lsp/analysis-server.ts';
import { DiskReader } from '../../server/src/main/disk-reader.ts';

/** Serves analysis here; `environment` says what differs from an analysis over the disk. */
export function analysisHere(environment: Omit<AnalysisEnvironment, 'disk'>): StartAnalysis {
  return (port, signals) => {
    serveAnalysis(port, signals, { ...environment, disk: new DiskReader() });
    return {
      onEnd: () => undefined,
      end: () => {
        port.close();
        return Promise.resolve();
      },
    };
  };
}
