// Diagnostics: what analysis finds, as the protocol has it.

import type { Diagnostic, DiagnosticSeverity, DocumentDiagnosticParams } from 'vscode-languageserver/node';
import { documentProblems } from '../analysis/problems.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { Problem, Severity } from '../common/problem.ts';
import type { TextPositions } from './positions.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';
import { diagnosticSource } from './diagnostic-source.ts';
import { isProjectFile, projectFileDiagnostics } from './project-file-diagnostics.ts';

/** The protocol's numbers. */
const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: 1,
  warning: 2,
  information: 3,
  hint: 4,
};

export function documentDiagnostics(
  context: AnalysisContext,
  { textDocument: { uri } }: Pick<DocumentDiagnosticParams, 'textDocument'>,
  cancellation: Cancellation,
): Diagnostic[] {
  if (isProjectFile(uri)) return [...projectFileDiagnostics(context, uri, cancellation)];
  const positions = positionsIn(context.session, uri);
  if (positions === undefined || !context.session.accepts(uri)) return [];
  const found = documentProblems(
    context.session,
    uri,
    context.settings,
    cancellation,
    context.projects.budgetsOf(uri),
  ).map((problem) => toDiagnostic(context, problem, positions));
  return [...projectDiagnostics(context, uri, positions), ...found];
}

/** A wrong `morphnet.json` is said where its absence is felt, since it may not be open. */
function projectDiagnostics(context: AnalysisContext, uri: string, positions: TextPositions): Diagnostic[] {
  const project = context.projects.of(uri);
  if (project?.problem === undefined) return [];
  return [
    {
      range: positions.range(0, 0),
      severity: severities.warning,
      source: diagnosticSource,
      code: 'wrong-project-file',
      message: `${project.problem} Until it is mended, nothing of it counts.`,
    },
  ];
}

function toDiagnostic(context: AnalysisContext, problem: Problem, positions: TextPositions): Diagnostic {
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
