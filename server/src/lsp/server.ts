// The language server: capabilities, the documents' life, and which feature answers what. No feature is in here.

import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  CodeActionKind,
  CodeLensRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { AnalysisSession, type SessionOptions } from '../analysis/analysis-session.ts';
import { provideCodeActions } from './code-actions.ts';
import { provideCodeLenses } from './code-lenses.ts';
import { Debounced } from './debounce.ts';
import { DiagnosticsPublisher } from './diagnostics-publisher.ts';
import { provideHover } from './hover.ts';
import { provideInlayHints, resolveInlayHint } from './inlay-hints.ts';
import { guardEvent, guardRequest } from './requests.ts';
import type { ServerContext } from './server-context.ts';
import { ServerLog } from './server-log.ts';
import { SettingsStore } from './settings-store.ts';
import type { WorkspaceDisk } from './workspace-disk.ts';
