// Diagnostics: what analysis finds, as the protocol has it. When they are sent is decided in server.ts.

import { DiagnosticSeverity, type Diagnostic } from 'vscode-languageserver/node';
import { documentProblems } from '../analysis/problems.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { Problem, Severity } from '../common/problem.ts';
import type { TextPositions } from './positions.ts';
import { positionsIn, type ServerContext } from './server-context.ts';

/** The name under which the editor lists our findings. */
export const diagnosticSource = 'MorphNet';

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

export async function documentDiagnostics(
  context: ServerContext,
  uri: string,
  cancellation: Cancellation,
): Promise<Diagnostic[]> {
  const settings = await context.settings.of(uri);
  const positions = positionsIn(context.session, uri);
  if (positions === undefined || !context.session.accepts(uri)) return [];
  const found = documentProblems(context.session, uri, settings, cancellation).map((problem) =>
    toDiagnostic(context, problem, positions),
  );
  return [...projectDiagnostics(context, uri, positions), ...found];
}

/** A wrong `morphnet.json` is said where its absence is felt, since it may not be open. */
function projectDiagnostics(context: ServerContext, uri: string, positions: TextPositions): Diagnostic[] {
  const project = context.projects.of(uri);
  if (project?.problem === undefined) return [];
  return [
    {
      range: positions.range(0, 0),
      severity: DiagnosticSeverity.Warning,
      source: diagnosticSource,
      code: 'wrong-project-file',
      message: `${project.problem} Until it is mended, nothing of it counts.`,
    },
  ];
}

function toDiagnostic(context: ServerContext, problem: Problem, positions: TextPositions): Diagnostic {
  const { span } = problem;
  const related = (problem.related ?? []).flatMap(({ span: place, message }) => {
    const there = positionsIn(context.session, place.document);
    if (there === undefined) return [];
    return [{ location: { uri: place.document, range: there.range(place.start, place.end) }, message }];
  });
  return {
    range: span === undefined ? positions.range(0, 0) : positions.range(span.start, span.end),
    severity: severities[problem.severity],
    source: diagnosticSource,
    code: problem.code,
    message: problem.message,
    ...(related.length > 0 && { relatedInformation: related }),
  };
}
